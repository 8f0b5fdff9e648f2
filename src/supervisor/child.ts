import type { Changes } from "../base/changes.ts";
import type { Cancel } from "../base/clock.ts";
import { exhaustive } from "../base/exhaustive.ts";
import type { Random } from "../base/random.ts";
import type { Log } from "../process/log.ts";
import type { ChildMessage, SupervisorMessage } from "../protocol/supervisor-messages.ts";
import type { ExitView, ProcessView } from "../protocol/views.ts";
import { type Life, type LifeParts, beginLife, showLife } from "./child-life.ts";
import type { ChildSpec, ProcessExit } from "./child-process.ts";
import {
  type ChildAction,
  type ChildEvent,
  type ChildPhase,
  type ChildState,
  dueAt,
  isAlive,
  isSettled,
  moveChild,
  newChild,
} from "./child-state.ts";
import { type End, logHang, logPhaseChange, seconds } from "./child-log.ts";
import { exitReason, isOwnFault } from "./exit-reason.ts";
import { readEnd, rotateLog } from "./log-files.ts";
import type { SpawnQueue } from "./spawn-queue.ts";

/** What all children share. */
export interface ChildParts extends LifeParts {
  readonly random: Random;
  readonly log: Log;
  readonly spawns: SpawnQueue;
  /** Told of whatever `onChange` was told of, after that. */
  readonly changes: Changes;
}

export interface ChildListeners {
  /** Its phase has changed, or whether it responds. */
  onChange(child: Child): void;
  onMessage(child: Child, message: Extract<ChildMessage, { kind: "activity" | "request" }>): void;
}

/** A child of the supervisor: the state machine of child-state.ts, played with real processes and timers. */
export class Child {
  readonly spec: ChildSpec;
  readonly #parts: ChildParts;
  readonly #listeners: ChildListeners;
  readonly #log: Log;
  #state: ChildState = newChild;
  #life: Life | null = null;
  #lastExit: ExitView | null = null;
  #cancelTimer: Cancel = () => undefined;
  #cancelSpawn: Cancel = () => undefined;

  constructor(spec: ChildSpec, parts: ChildParts, listeners: ChildListeners) {
    this.spec = spec;
    this.#parts = parts;
    this.#listeners = listeners;
    this.#log = parts.log.child({ child: spec.name });
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

  get isSettled(): boolean {
    return isSettled(this.#state);
  }

  get pid(): number | null {
    return this.#life?.process.pid ?? null;
  }

  get isUnresponsive(): boolean {
    return this.#life?.vitals?.isUnresponsive ?? false;
  }

  get lastExit(): ExitView | null {
    return this.#lastExit;
  }

  /** What a start under way says of itself, for example `migrating 12 %`. */
  get progress(): string | null {
    return this.#life?.progress ?? null;
  }

  start(why: string): void {
    this.#apply({ kind: "start" }, why);
  }

  restart(why: string): void {
    this.#apply({ kind: "restart", why }, why);
  }

  stop(why: string, withinMs = this.#parts.limits.drainMs, terminateMs = this.#parts.limits.terminateMs): void {
    this.#apply({ kind: "stop", why, withinMs, terminateMs }, why);
  }

  kill(why: string): void {
    this.#apply({ kind: "kill", why }, why);
  }

  send(message: SupervisorMessage): void {
    this.#life?.process.send(message);
  }

  /** Pings it, and counts how long it has been silent. */
  sweep(): void {
    const vitals = this.#life?.vitals;
    if (this.phase.kind !== "ready" || vitals === null || vitals === undefined) return;
    const verdict = vitals.tick();
    if (verdict === "unresponsive") {
      void logHang(this.#log, this.spec, vitals, this.#parts.timers);
      this.#tellChange();
    }
    if (verdict === "hung") {
      return this.kill(`it hung: its event loop was silent for ${seconds(this.#parts.limits.hardSilenceMs)}`);
    }
    this.send({ kind: "ping", sequence: vitals.nextPing() });
  }

  /** Reads what it uses, and acts when that is too much. `hasNeighbours`: whether anybody else needs the CPU. */
  async sample(hasNeighbours: boolean): Promise<void> {
    const { limits } = this.#parts;
    rotateLog(this.spec.logPath, limits);
    const life = this.#life;
    if (life?.vitals === null || life?.vitals === undefined) return;
    const verdict = await life.vitals.sample(this.spec.rssLimitBytes);
    if (life !== this.#life) return; // It has ended meanwhile.
    const why = `it used ${megabytes(life.vitals.rssBytes)} of memory; its limit is ${megabytes(this.spec.rssLimitBytes)}`;
    if (verdict === "kill") return this.kill(why);
    if (verdict === "recycle") this.#apply({ kind: "recycle", why }, why);
    if (this.role === "orchestrator" && hasNeighbours && (await life.vitals.giveWayIfEating())) {
      this.#log.warn(
        { cpuPercent: life.vitals.cpuPercent },
        `${this.spec.name} eats the CPU and gives way from now on`,
      );
    }
  }

  view(): ProcessView {
    const { phase, restarts } = this.#state;
    return { ...showLife(this.#life), state: phase.kind, restarts, lastExit: this.#lastExit };
  }

  /** `end`: of its process, if that is the event. */
  #apply(event: ChildEvent, cause: string, end: End | null = null): void {
    const { clock, timers, limits, random } = this.#parts;
    const before = this.#state.phase;
    const { state, actions } = moveChild(this.#state, event, clock.monotonic(), limits, random);
    this.#state = state;
    this.#cancelTimer();
    const at = dueAt(state);
    this.#cancelTimer =
      at === null
        ? () => undefined
        : timers.after(at - clock.monotonic(), () => this.#apply({ kind: "due" }, "time is up"));
    const isChange = before.kind !== state.phase.kind || end !== null;
    if (isChange) this.#logPhaseChange(before, cause, end);
    for (const action of actions) this.#perform(action);
    if (isChange) this.#tellChange();
  }

  #logPhaseChange(from: ChildPhase, cause: string, end: End | null): void {
    const at = this.#parts.clock.monotonic();
    const ageMs = at - (this.#life?.spawnedAt ?? at);
    logPhaseChange(this.#log, this.spec.name, { from, to: this.phase, at, cause, childPid: this.pid, ageMs, end });
  }

  #tellChange(): void {
    this.#listeners.onChange(this);
    this.#parts.changes.tell();
  }

  #perform(action: ChildAction): void {
    switch (action.kind) {
      case "spawn":
        this.#cancelSpawn = this.#parts.spawns.enter((loaded) => this.#spawn(loaded));
        return;
      case "cancel-spawn":
        return this.#cancelSpawn();
      case "drain":
        return this.send({ kind: "drain", withinMs: action.withinMs });
      case "terminate":
        return this.#life?.process.kill("SIGTERM");
      case "kill":
        return this.#life?.process.kill("SIGKILL");
      default:
        return exhaustive(action);
    }
  }

  #spawn(loaded: () => void): void {
    this.#life = beginLife(this.spec, this.#parts, {
      loaded,
      onMessage: (message) => this.#receive(message),
      onNonsense: (reason) => this.#log.warn({ reason }, `${this.spec.name} said something that is no message`),
      onExit: (exit) => this.#onExit(exit),
    });
    this.#apply({ kind: "spawned" }, "its turn has come");
  }

  #receive(message: ChildMessage): void {
    const life = this.#life;
    if (life === null) return;
    if (life.vitals?.heard() === true) {
      this.#log.info({}, `${this.spec.name} responds again`);
      this.#tellChange();
    }
    switch (message.kind) {
      case "hello":
        return life.loaded();
      case "progress":
        life.progress = message.percent === null ? message.phase : `${message.phase} ${Math.round(message.percent)} %`;
        return this.#apply({ kind: "progress" }, message.phase);
      case "ready":
        life.progress = null;
        life.vitals?.startWatch();
        this.#apply({ kind: "ready", epoch: message.epoch }, "it is ready");
        return void life.vitals?.sample(null);
      case "pong":
        if (life.vitals !== null) life.vitals.eventLoopLagMs = message.eventLoopLagMs;
        return;
      case "fatal":
        life.fatal = message;
        return;
      case "activity":
      case "request":
        return this.#listeners.onMessage(this, message);
      default:
        return exhaustive(message);
    }
  }

  #onExit({ code, signal, spawnError }: ProcessExit): void {
    const life = this.#life;
    if (life === null) return;
    life.loaded();
    this.#life = null;
    const { fatal } = life;
    const lastWords = readEnd(this.spec.logPath, life.logOffset, this.#parts.limits.lastWordsBytes);
    const { endedFor, phase } = this.#state;
    // A gateway that crashes is always restarted: with it the whole server would end.
    const isFault = this.role === "orchestrator" && isOwnFault({ code, signal }, wasKilled(phase));
    const reason = spawnError ?? exitReason({ code, signal, fatal, endedFor, lastWords });
    this.#lastExit = { at: this.#parts.clock.now(), code, signal, reason };
    this.#apply({ kind: "exited", fatal: fatal?.code ?? null, isOwnFault: isFault }, reason, {
      code,
      signal,
      lastWords,
    });
  }
}

function wasKilled(phase: ChildPhase): boolean {
  return phase.kind === "stopping" && phase.stage === "killed";
}

function megabytes(bytes: number | null): string {
  return `${Math.round((bytes ?? 0) / 1_048_576)} MB`;
}
