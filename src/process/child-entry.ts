import type { ZodType } from "zod";
import type { Clock, Timers } from "../base/clock.ts";
import { exhaustive } from "../base/exhaustive.ts";
import type { Random } from "../base/random.ts";
import type { FatalCode, SupervisorMessage } from "../protocol/supervisor-messages.ts";
import { type Log, createLog } from "./log.ts";
import { realClock, realRandom, realTimers } from "./real-clock.ts";
import { startStackWatchdog } from "./stack-watchdog.ts";
import { type SupervisorChannel, openSupervisorChannel } from "./supervisor-channel.ts";

// What the main.ts of every child of the supervisor starts with: hello, ready, pings, drain, and an end in every case.

/** An end that the process chose itself because it cannot go on (sysexits: software error). */
const EXIT_FATAL = 70;

export type EnvironmentMessage = Extract<SupervisorMessage, { kind: "environment" }>;

export interface ChildContext<C> extends SupervisorChannel {
  readonly config: C;
  readonly log: Log;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** Hears of every change of an orchestrator, those from before the call included (the gateway). */
  onEnvironment(listener: (message: EnvironmentMessage) => void): void;
  /** Tells the supervisor why, writes it down, and ends the process. */
  fatal(code: FatalCode, message: string): never;
}

export interface RunningChild {
  /** Counts the starts of an orchestrator on its database; null for the gateway. */
  readonly epoch: number | null;
  /** Finishes what is under way; the process exits when this resolves. */
  drain(withinMs: number): Promise<void>;
}

export interface ChildOptions<C> {
  readonly name: string;
  readonly config: ZodType<C>;
  start(context: ChildContext<C>): Promise<RunningChild>;
}

export async function runChild<C>(options: ChildOptions<C>): Promise<void> {
  const log = createLog({ process: options.name });
  const environments: EnvironmentMessage[] = [];
  let listener: ((message: EnvironmentMessage) => void) | undefined;
  let running: RunningChild | undefined;
  let drainRequestedMs: number | undefined;

  const channel = openSupervisorChannel({
    onMessage: (message) => onMessage(message),
    onClosed: () => process.exit(EXIT_FATAL), // Nobody watches over this process any more.
  });
  const measureLag = startLagMeter();

  const fatal = (code: FatalCode, message: string): never => {
    channel.send({ kind: "fatal", code, message });
    log.error({ code }, message);
    process.exit(EXIT_FATAL);
  };

  const drain = async (withinMs: number): Promise<void> => {
    if (running === undefined) process.exit(0); // Nothing has begun: nothing to finish.
    await running.drain(withinMs);
    process.exit(0);
  };

  const onMessage = (message: Exclude<SupervisorMessage, { kind: "reply" }>): void => {
    switch (message.kind) {
      case "ping":
        return channel.send({ kind: "pong", sequence: message.sequence, eventLoopLagMs: measureLag() });
      case "drain":
        if (drainRequestedMs !== undefined) return;
        drainRequestedMs = message.withinMs;
        drain(message.withinMs).catch(onBug);
        return;
      case "environment":
        if (listener === undefined) environments.push(message);
        else listener(message);
        return;
      default:
        exhaustive(message);
    }
  };

  const onBug = (error: unknown): never =>
    fatal("bug", error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.on("uncaughtException", onBug);
  process.on("unhandledRejection", onBug);
  // The supervisor stops its children by `drain`: a Ctrl-C that reaches the whole process group must not overtake it.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);

  channel.send({ kind: "hello", pid: process.pid });
  startStackWatchdog(realTimers);
  try {
    running = await options.start({
      ...channel,
      config: options.config.parse(JSON.parse(configArgument())),
      log,
      clock: realClock,
      timers: realTimers,
      random: realRandom,
      onEnvironment(listen) {
        listener = listen;
        for (const message of environments.splice(0)) listen(message);
      },
      fatal,
    });
  } catch (error) {
    onBug(error);
  }
  channel.send({ kind: "ready", epoch: running?.epoch ?? null });
}

function configArgument(): string {
  const position = process.argv.indexOf("--config");
  return process.argv[position + 1] ?? "{}";
}

const LAG_INTERVAL_MS = 500;

/** How late the event loop was at the worst since the last call, in milliseconds. */
function startLagMeter(): () => number {
  let worstMs = 0;
  let expectedAt = realClock.monotonic() + LAG_INTERVAL_MS;
  const beat = (): void => {
    const now = realClock.monotonic();
    worstMs = Math.max(worstMs, now - expectedAt);
    expectedAt = now + LAG_INTERVAL_MS;
    realTimers.after(LAG_INTERVAL_MS, beat);
  };
  realTimers.after(LAG_INTERVAL_MS, beat);
  return () => {
    const worst = Math.max(worstMs, realClock.monotonic() - expectedAt);
    worstMs = 0;
    return Math.max(0, Math.round(worst));
  };
}
