import type { Cancel, Clock, Ms, Timers } from "../base/clock.ts";
import { exhaustive } from "../base/exhaustive.ts";
import type { Random } from "../base/random.ts";
import type { Log } from "../process/log.ts";
import type { ChildMessage, SupervisorMessage } from "../protocol/supervisor-messages.ts";
import type { ExitView, ProcessView } from "../protocol/views.ts";
import { type ChildProcess, type ChildSpec, type ProcessExit, spawnChild } from "./child-process.ts";
import {
  type ChildAction,
  type ChildEvent,
  type ChildPhase,
  type ChildState,
  dueAt,
  isAlive,
  moveChild,
  newChild,
} from "./child-state.ts";
import { ChildVitals } from "./child-vitals.ts";
import { exitReason, isOwnFault } from "./exit-reason.ts";
import type { Limits } from "./limits.ts";
import { readEnd, rotateLog, sizeOf } from "./log-files.ts";
import { setOomScore } from "./process-figures.ts";
import type { SpawnQueue } from "./spawn-queue.ts";
import { captureStack } from "./stack-capture.ts";

/** What a child needs of the world around it. */
export interface ChildWorld {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly limits: Limits;
  readonly log: Log;
  readonly spawns: SpawnQueue;
  readonly deathSignal: readonly string[];
}

export interface ChildListeners {
  /** Its phase has changed, or whether it responds. */
  onChange(child: Child): void;
  onMessage(child: Child, message: Extract<ChildMessage, { kind: "activity" | "request" }>): void;
}

/** One process of this child, from spawn to exit. */
interface Run {
  readonly process: ChildProcess;
  readonly vitals: ChildVitals | null;
  readonly startedAt: Ms;
  readonly spawnedAt: Ms;
  readonly logOffset: number;
  /** It has loaded its code; see SpawnQueue. */
  readonly loaded: () => void;
  fatal: Extract<ChildMessage, { kind: "fatal" }> | null;
  progress: string | null;
}

/** A child of the supervisor: the state machine of child-state.ts, played with real processes and timers. */
export class Child {
  readonly spec: ChildSpec;
  readonly #world: ChildWorld;
  readonly #listeners: ChildListeners;
  readonly #log: Log;
  #state: ChildState = newChild;
  #run: Run | null = null;
  #lastExit: ExitView | null = null;
  #lastWords = "";
  #cancelTimer: Cancel = () => undefined;
  #cancelSpawn: Cancel = () => undefined;

  constructor(spec: ChildSpec, world: ChildWorld, listeners: ChildListeners) {
    this.spec = spec;
    this.#world = world;
    this.#listeners = listeners;
    this.#log = world.log.child({ child: spec.name });
  }

  get role(): ChildSpec["role"] {
    return this.spec.role;
  }

  get phase(): ChildPhase {
    return this.#state.phase;
  }

  get isAlive(): boolean {
    return isAlive(this.#state);
  }

  get pid(): number | null {
    return this.#run?.process.pid ?? null;
  }

  get isUnresponsive(): boolean {
    return this.#run?.vitals?.isUnresponsive ?? false;
  }

  get lastExit(): ExitView | null {
    return this.#lastExit;
  }

  /** What a start under way says of itself, for example `migrating 12 %`. */
  get progress(): string | null {
    return this.#run?.progress ?? null;
  }

  start(why: string): void {
    this.#apply({ kind: "start" }, why);
  }

  restart(why: string): void {
    this.#apply({ kind: "restart", why }, why);
  }

  stop(why: string, withinMs = this.#world.limits.drainMs, terminateMs = this.#world.limits.terminateMs): void {
    this.#apply({ kind: "stop", why, withinMs, terminateMs }, why);
  }

  kill(why: string): void {
    this.#apply({ kind: "kill", why }, why);
  }

  send(message: SupervisorMessage): void {
    this.#run?.process.send(message);
  }

  /** Pings it, and counts how long it has been silent. */
  sweep(): void {
    const vitals = this.#run?.vitals;
    if (this.phase.kind !== "ready" || vitals === null || vitals === undefined) return;
    const verdict = vitals.tick();
    if (verdict === "unresponsive") {
      void this.#reportHang(vitals);
      this.#listeners.onChange(this);
    }
    if (verdict === "hung") {
      return this.kill(`it hung: its event loop was silent for ${seconds(this.#world.limits.hardSilenceMs)}`);
    }
    this.send({ kind: "ping", sequence: vitals.nextPing() });
  }

  /** Reads what it uses, and acts when that is too much. `hasNeighbours`: whether anybody else needs the CPU. */
  async sample(hasNeighbours: boolean): Promise<void> {
    const { limits } = this.#world;
    rotateLog(this.spec.logPath, limits);
    const run = this.#run;
    if (run?.vitals === null || run?.vitals === undefined) return;
    const verdict = await run.vitals.sample(this.spec.rssLimitBytes);
    if (run !== this.#run) return; // It has ended meanwhile.
    const why = `it used ${megabytes(run.vitals.rssBytes)} of memory; its limit is ${megabytes(this.spec.rssLimitBytes)}`;
    if (verdict === "kill") return this.kill(why);
    if (verdict === "recycle") this.#apply({ kind: "recycle", why }, why);
    if (this.role === "orchestrator" && hasNeighbours && (await run.vitals.giveWayIfEating())) {
      this.#log.warn({ cpuPercent: run.vitals.cpuPercent }, `${this.spec.name} eats the CPU and gives way from now on`);
    }
  }

  view(): ProcessView {
    const run = this.#run;
    return {
      pid: this.pid,
      state: this.phase.kind,
      unresponsive: this.isUnresponsive,
      progress: this.progress,
      restarts: this.#state.restarts,
      startedAt: run?.startedAt ?? null,
      rssBytes: run?.vitals?.rssBytes ?? null,
      cpuPercent: run?.vitals?.cpuPercent ?? null,
      eventLoopLagMs: run?.vitals?.eventLoopLagMs ?? null,
      lastExit: this.#lastExit,
    };
  }

  #apply(event: ChildEvent, cause: string): void {
    const { clock, timers, limits, random } = this.#world;
    const before = this.#state.phase;
    const { state, actions } = moveChild(this.#state, event, clock.monotonic(), limits, random);
    this.#state = state;
    this.#cancelTimer();
    const at = dueAt(state);
    this.#cancelTimer =
      at === null
        ? () => undefined
        : timers.after(at - clock.monotonic(), () => this.#apply({ kind: "due" }, "time is up"));
    const isChange = before.kind !== state.phase.kind || event.kind === "exited";
    if (isChange) this.#logMove(before, event, cause);
    for (const action of actions) this.#perform(action);
    if (isChange) this.#listeners.onChange(this);
  }

  #perform(action: ChildAction): void {
    switch (action.kind) {
      case "spawn":
        this.#cancelSpawn = this.#world.spawns.enter((loaded) => this.#spawn(loaded));
        return;
      case "cancel-spawn":
        return this.#cancelSpawn();
      case "drain":
        return this.send({ kind: "drain", withinMs: action.withinMs });
      case "terminate":
        return this.#run?.process.kill("SIGTERM");
      case "kill":
        return this.#run?.process.kill("SIGKILL");
      default:
        return exhaustive(action);
    }
  }

  #spawn(loaded: () => void): void {
    const { clock, limits, timers, deathSignal } = this.#world;
    const logOffset = sizeOf(this.spec.logPath);
    const process = spawnChild(this.spec, deathSignal, timers, {
      onMessage: (message) => this.#receive(message),
      onNonsense: (reason) => this.#log.warn({ reason }, `${this.spec.name} said something that is no message`),
      onExit: (exit) => this.#onExit(exit),
    });
    const vitals = process.pid === null ? null : new ChildVitals(process.pid, clock, limits);
    const spawnedAt = clock.monotonic();
    this.#run = { process, vitals, startedAt: clock.now(), spawnedAt, logOffset, loaded, fatal: null, progress: null };
    if (process.pid !== null) void setOomScore(process.pid, this.spec.oomScore);
    this.#apply({ kind: "spawned" }, "its turn has come");
  }

  #receive(message: ChildMessage): void {
    const run = this.#run;
    if (run === null) return;
    if (run.vitals?.heard() === true) {
      this.#log.info({}, `${this.spec.name} responds again`);
      this.#listeners.onChange(this);
    }
    switch (message.kind) {
      case "hello":
        return run.loaded();
      case "progress":
        run.progress = message.percent === null ? message.phase : `${message.phase} ${Math.round(message.percent)} %`;
        return this.#apply({ kind: "progress" }, message.phase);
      case "ready":
        run.progress = null;
        run.vitals?.startWatch();
        this.#apply({ kind: "ready", epoch: message.epoch }, "it is ready");
        return void run.vitals?.sample(null);
      case "pong":
        if (run.vitals !== null) run.vitals.eventLoopLagMs = message.eventLoopLagMs;
        return;
      case "fatal":
        run.fatal = message;
        return;
      case "activity":
      case "request":
        return this.#listeners.onMessage(this, message);
      default:
        return exhaustive(message);
    }
  }

  #onExit({ code, signal, spawnError }: ProcessExit): void {
    const run = this.#run;
    if (run === null) return;
    run.loaded();
    this.#run = null;
    const { fatal } = run;
    this.#lastWords = readEnd(this.spec.logPath, run.logOffset, this.#world.limits.lastWordsBytes);
    const { endedFor, phase } = this.#state;
    // A gateway that crashes is always restarted: with it the whole server would end.
    const isFault = this.role === "orchestrator" && isOwnFault({ code, signal }, wasKilled(phase));
    const reason = spawnError ?? exitReason({ code, signal, fatal, endedFor, lastWords: this.#lastWords });
    this.#lastExit = { at: this.#world.clock.now(), code, signal, reason };
    this.#apply({ kind: "exited", fatal: fatal?.code ?? null, isOwnFault: isFault }, reason);
  }

  async #reportHang(vitals: ChildVitals): Promise<void> {
    const { pid } = this;
    const silenceMs = vitals.silenceMs;
    this.#log.warn({ childPid: pid, silenceMs }, `${this.spec.name} is unresponsive: silent for ${seconds(silenceMs)}`);
    await vitals.sample(null);
    if (pid === null || vitals.isStopped)
      return this.#log.warn({ childPid: pid }, `${this.spec.name} was stopped by a signal`);
    const stack = await captureStack(pid, this.spec.logPath, this.#world.timers);
    if (stack === null) return this.#log.warn({ childPid: pid }, `${this.spec.name} does not tell where it hangs`);
    this.#log.warn({ childPid: pid, stack }, `${this.spec.name} hangs in ${stack[0] ?? "an empty stack"}`);
  }

  /** Every change with its cause; what a person should hear of is more than a debug line. */
  #logMove(before: ChildPhase, event: ChildEvent, cause: string): void {
    const { phase } = this.#state;
    const { name } = this.spec;
    const now = this.#world.clock.monotonic();
    const fields = { from: before.kind, to: phase.kind, cause, childPid: this.pid, ...this.#exitFields(event) };
    if (phase.kind === "quarantined") {
      return this.#log.error(fields, `${name} is in quarantine because ${phase.reason}; the last end: ${cause}`);
    }
    if (phase.kind === "stopped") return this.#log.info(fields, `${name} has stopped: ${cause}`);
    if (phase.kind === "ready") {
      const tookMs = Math.round(now - (this.#run?.spawnedAt ?? now));
      return this.#log.info({ ...fields, epoch: phase.epoch, tookMs }, `${name} is ready (${tookMs} ms)`);
    }
    const isUnwanted = event.kind === "exited" && !(before.kind === "stopping" && before.next === "start");
    if (!isUnwanted) return this.#log.debug(fields, `${name} is ${phase.kind}: ${cause}`);
    const delayMs = phase.kind === "backoff" ? phase.until - now : 0;
    const next = delayMs === 0 ? "a new process starts now" : `a new process starts in ${seconds(delayMs)}`;
    this.#log.warn({ ...fields, delayMs }, `${name} has ended: ${cause}; ${next}`);
  }

  #exitFields(event: ChildEvent): object {
    if (event.kind !== "exited" || this.#lastExit === null) return {};
    const { code, signal } = this.#lastExit;
    const wasInOrder = this.phase.kind === "stopped" && code === 0;
    return { code, signal, ...(wasInOrder ? {} : { lastWords: this.#lastWords }) };
  }
}

function wasKilled(phase: ChildPhase): boolean {
  return phase.kind === "stopping" && phase.stage === "killed";
}

function seconds(ms: Ms): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function megabytes(bytes: number | null): string {
  return `${Math.round((bytes ?? 0) / 1_048_576)} MB`;
}
