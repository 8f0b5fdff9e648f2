import { parseArgs } from "node:util";
import type { Clock, Ms, Timers } from "../base/clock.ts";
import { exhaustive } from "../base/exhaustive.ts";
import type { Random } from "../base/random.ts";
import { failure, ok } from "../base/result.ts";
import { errorStack } from "../base/error-text.ts";
import { asFailure } from "../protocol/read-failure.ts";
import {
  type ChildMessage,
  type FatalCode,
  type SupervisorMessage,
  supervisorMessage,
} from "../protocol/supervisor-messages.ts";
import { watchEventLoop } from "./event-loop-lag.ts";
import { type Log, createLog } from "./log.ts";
import { realClock, realRandom, realTimers } from "./real-clock.ts";
import { within } from "./scope.ts";
import { type SupervisorRequests, createSupervisorRequests } from "./supervisor-requests.ts";

// What each child of the supervisor has in common: hello, start, ready, pings, drain, and a prompt end when the supervisor is gone.

export type EnvironmentMessage = Extract<SupervisorMessage, { kind: "environment" }>;

export interface ChildContext<C> {
  readonly config: C;
  readonly log: Log;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** Says something on the lifecycle channel; dropped when the supervisor is gone. */
  send(message: ChildMessage): void;
  /** Asks the supervisor, which answers everything in its own time: waits for as long as it shows that it lives. */
  readonly request: SupervisorRequests["request"];
  /** One listener; what was said before it was set is kept for it. */
  onEnvironment(listener: (message: EnvironmentMessage) => void): void;
  /** Tells the supervisor why this process cannot go on, logs it, and exits with 70. */
  fatal(code: FatalCode, message: string): never;
}

export interface RunningChild {
  readonly epoch: number | null;
  /** Finish what is under way, take nothing new. The process exits when this is done, at the latest after `withinMs`. */
  drain(withinMs: Ms): Promise<void>;
}

interface ChildParts<C> {
  /** `gateway`, or `orchestrator`: the `process` field of every line in the log. */
  readonly name: string;
  /** A schema: throws on what is not a configuration of this child. */
  readonly config: { parse(input: unknown): C };
  start(context: ChildContext<C>): Promise<RunningChild>;
}

/** Exit codes: the supervisor has gone; a bug or a fatal end; started by hand. */
const EXIT_ALONE = 69;
const EXIT_FATAL = 70;
const EXIT_USAGE = 64;

/**
 * SIGTERM often reaches the whole process group, and then the supervisor says when each child is to drain. One that hears nothing of it for
 * this long was meant itself, and drains for so long.
 */
const TERM_PATIENCE_MS: Ms = 5_000;
const TERM_DRAIN_MS: Ms = 2_000;

/** The main program of a child: everything from reading `--config` to the exit. */
export async function runChild<C>(parts: ChildParts<C>): Promise<void> {
  const log = createLog({ process: parts.name });
  if (process.send === undefined) {
    process.stderr.write(`The ${parts.name} is started by the server: run \`coflux server start\`.\n`);
    process.exit(EXIT_USAGE);
  }
  const fatal = dieWith(log);
  process.on("uncaughtException", (error) => fatal("bug", errorStack(error)));
  process.on("unhandledRejection", (reason) => fatal("bug", errorStack(reason)));
  // Without the supervisor nobody would restart or stop this process. It may have gone while this file was loaded, and then nothing is heard of it.
  process.on("disconnect", () => process.exit(EXIT_ALONE));
  if (!process.connected) process.exit(EXIT_ALONE);
  // Ctrl-C and a closed terminal reach the whole process group; the supervisor decides in which order it ends.
  for (const signal of ["SIGINT", "SIGHUP"]) process.on(signal, () => undefined);

  const lifecycle = openLifecycle(log);
  send({ kind: "hello", pid: process.pid });
  const config = parts.config.parse(readConfig());
  const running = await parts.start({
    config,
    log,
    clock: realClock,
    timers: realTimers,
    random: realRandom,
    send,
    request: lifecycle.request,
    onEnvironment: lifecycle.onEnvironment,
    fatal,
  });
  lifecycle.onDrain(async (withinMs) => {
    const isDone = await within(
      running.drain(withinMs).then(() => true),
      withinMs,
      realTimers,
    );
    if (isDone === undefined) log.warn({ withinMs }, "not everything was finished in time");
  });
  send({ kind: "ready", epoch: running.epoch });
}

interface Lifecycle {
  readonly request: ChildContext<unknown>["request"];
  readonly onEnvironment: ChildContext<unknown>["onEnvironment"];
  /** Until this is called, a drain ends the process at once: it has not begun anything. */
  onDrain(drain: (withinMs: Ms) => Promise<void>): void;
}

function openLifecycle(log: Log): Lifecycle {
  const requests = createSupervisorRequests(realTimers, send);
  const unheard: EnvironmentMessage[] = [];
  const lagMs = watchEventLoop();
  let isEnding = false;
  let hear = (message: EnvironmentMessage): void => void unheard.push(message);
  let drain = async (_withinMs: Ms): Promise<void> => undefined;

  const end = async (withinMs: Ms): Promise<void> => {
    if (isEnding) return;
    isEnding = true;
    log.info({ withinMs }, "draining");
    await drain(withinMs);
    process.exit(0);
  };

  const receive = (message: SupervisorMessage): void => {
    requests.heard();
    switch (message.kind) {
      case "ping":
        return send({ kind: "pong", sequence: message.sequence, eventLoopLagMs: lagMs() });
      case "drain":
        return void end(message.withinMs);
      case "environment":
        return hear(message);
      case "reply":
        return requests.answered(message.id, message.ok ? ok(message.value) : failure(asFailure(message.error)));
      default:
        return exhaustive(message);
    }
  };
  process.on("message", (input: unknown) => receive(supervisorMessage.parse(input)));
  process.on("SIGTERM", () => {
    if (isEnding) process.exit(0); // The drain took too long.
    realTimers.after(TERM_PATIENCE_MS, () => void end(TERM_DRAIN_MS));
  });

  return {
    request: (name, params) => requests.request(name, params),
    onEnvironment(listener) {
      hear = listener;
      for (const message of unheard.splice(0)) listener(message);
    },
    onDrain: (listener) => {
      drain = listener;
    },
  };
}

function send(message: ChildMessage): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined); // A failed send is followed by `disconnect`.
}

function dieWith(log: Log): ChildContext<unknown>["fatal"] {
  return (code, message) => {
    log.error({ code }, message);
    send({ kind: "fatal", code, message: message.slice(0, FATAL_MESSAGE_LIMIT) }); // Written to the channel before this returns.
    process.exit(EXIT_FATAL);
  };
}

/** Longest message of a fatal end, in characters: a stack, not a dump. */
const FATAL_MESSAGE_LIMIT = 8_192;

function readConfig(): unknown {
  const { values } = parseArgs({ options: { config: { type: "string" } } });
  return JSON.parse(values.config ?? "null");
}
