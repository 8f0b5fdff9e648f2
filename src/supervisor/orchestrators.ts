import type { Cancel } from "../base/clock.ts";
import { type Result, failure, ok } from "../base/result.ts";
import type { Failure } from "../protocol/error-codes.ts";
import { environmentKey } from "../protocol/names.ts";
import type { ChildMessage } from "../protocol/supervisor-messages.ts";
import { Child, type ChildParts } from "./child.ts";
import type { ChildSpec } from "./child-process.ts";
import { desiredChildren } from "./desired-children.ts";
import { unavailable } from "./environment-messages.ts";
import type { EnvironmentFacts, EnvironmentRecord, Registry } from "./registry.ts";
import { CLOCK_LOOK_MS } from "../protocol/limits.ts";

export interface Ready {
  readonly pid: number;
  readonly epoch: number;
}

export interface OrchestratorsParts extends ChildParts {
  readonly registry: Registry;
  specOf(record: EnvironmentRecord, isArchived: () => boolean): ChildSpec;
  onChange(record: EnvironmentRecord, child: Child): void;
}

interface Orchestrator {
  record: EnvironmentRecord;
  readonly child: Child;
}

/** The orchestrators of all environments: started when somebody or a due moment needs them, stopped when they are idle. */
export class Orchestrators {
  readonly #parts: OrchestratorsParts;
  readonly #byId = new Map<number, Orchestrator>();
  #cancelWake: Cancel = () => undefined;
  readonly #deleted = new Set<number>();
  #isClosing = false;

  constructor(parts: OrchestratorsParts) {
    this.#parts = parts;
  }

  get children(): readonly Child[] {
    return [...this.#byId.values()].map(({ child }) => child);
  }

  childOf(record: EnvironmentRecord): Child | undefined {
    return this.#byId.get(record.id)?.child;
  }

  /** Starts it if it does not run, and waits until it is ready; or says why it will not be, or not soon. */
  async ensure(record: EnvironmentRecord): Promise<Result<Ready, Failure>> {
    return await this.#bringUp(record, (child) => child.start("somebody needs it"));
  }

  /** A new process, also out of back-off and quarantine. */
  async restart(record: EnvironmentRecord): Promise<Result<Ready, Failure>> {
    return await this.#bringUp(record, (child) => child.restart("a restart was asked for"));
  }

  /**
   * It is archived now: a process that knows so ends what is under way in it, and stops. Where that is cut short, or there is no process to be
   * had, the next one does it before it serves, so that nobody can find it undone. After that nothing starts one but somebody who reads.
   */
  async archive(record: EnvironmentRecord): Promise<void> {
    if (this.#isClosing) return;
    const orchestrator = this.#find(record);
    orchestrator.record = record;
    orchestrator.child.restart("it was archived");
    await this.#whenReady(orchestrator);
    orchestrator.child.stop("it was archived");
  }

  notePaused(record: EnvironmentRecord, isPaused: boolean): void {
    const orchestrator = this.#find(record);
    const { isWanted, nextWakeAt } = orchestrator.record;
    this.#note(orchestrator, { isPaused, isWanted, nextWakeAt });
  }

  /** Ends its process, if any, and forgets it. Resolves when the process is gone. */
  async remove(record: EnvironmentRecord): Promise<void> {
    this.#deleted.add(record.id);
    const orchestrator = this.#byId.get(record.id);
    if (orchestrator === undefined) return;
    const { child } = orchestrator;
    child.stop("it is deleted", 0);
    child.kill("it is deleted");
    await this.#parts.changes.until(() => !child.isAlive);
    this.#byId.delete(record.id);
  }

  /** Starts what must run although nobody asks, and sets the timer for the next such moment. */
  look(): void {
    this.#cancelWake();
    if (this.#isClosing) return;
    const { registry, clock, timers } = this.#parts;
    const desires = registry.environments().map((record) => ({
      record,
      isArchived: record.isArchived,
      isWanted: record.isWanted,
      nextWakeAt: record.nextWakeAt,
      isStopped: (this.childOf(record)?.phase.kind ?? "stopped") === "stopped",
    }));
    const now = clock.now();
    const { start, nextAt } = desiredChildren(desires, now);
    for (const { record } of start) {
      const orchestrator = this.#find(record);
      this.#want(orchestrator);
      orchestrator.child.start(record.isWanted ? "it has work to do" : "something is due");
    }
    if (nextAt === null) return;
    this.#cancelWake = timers.after(Math.min(nextAt - now, CLOCK_LOOK_MS), () => this.look());
  }

  /** The server stops: nothing is started any more. */
  close(): void {
    this.#isClosing = true;
    this.#cancelWake();
    this.#parts.changes.tell();
  }

  async #bringUp(record: EnvironmentRecord, start: (child: Child) => void): Promise<Result<Ready, Failure>> {
    const refusal = this.#refusal(record);
    if (refusal !== undefined) return failure(refusal);
    const orchestrator = this.#find(record);
    this.#want(orchestrator);
    start(orchestrator.child);
    return await this.#whenReady(orchestrator);
  }

  #refusal({ id, project, name }: EnvironmentRecord): Failure | undefined {
    if (this.#isClosing) return shuttingDown;
    if (!this.#deleted.has(id)) return undefined;
    return { code: "environment_not_found", message: `environment ${environmentKey(project, name)} is being deleted` };
  }

  #find(record: EnvironmentRecord): Orchestrator {
    const known = this.#byId.get(record.id);
    if (known !== undefined) return known;
    const spec = this.#parts.specOf(record, () => orchestrator.record.isArchived);
    const child = new Child(spec, this.#parts, {
      onChange: () => this.#onChange(orchestrator),
      onMessage: (_child, message) => this.#onMessage(orchestrator, message),
    });
    const orchestrator: Orchestrator = { record, child };
    this.#byId.set(record.id, orchestrator);
    return orchestrator;
  }

  #onChange(orchestrator: Orchestrator): void {
    this.#parts.onChange(orchestrator.record, orchestrator.child);
    if (orchestrator.child.phase.kind === "stopped") this.look();
  }

  #onMessage(orchestrator: Orchestrator, message: Extract<ChildMessage, { kind: "activity" | "request" }>): void {
    const { record, child } = orchestrator;
    if (message.kind === "request") {
      const error = { code: "invalid_request", message: "an orchestrator asks nothing of the supervisor" };
      return child.send({ kind: "reply", id: message.id, ok: false, error });
    }
    const { isIdle, isPaused, nextWakeAt } = message;
    const mayStop = isIdle && child.phase.kind === "ready";
    this.#note(orchestrator, { isPaused, nextWakeAt, isWanted: !record.isArchived && !mayStop });
    if (mayStop) child.stop("it was idle");
  }

  /** It is to come back by itself when the server is started again, until it has been idle. */
  #want(orchestrator: Orchestrator): void {
    const { isPaused, nextWakeAt, isArchived } = orchestrator.record;
    this.#note(orchestrator, { isPaused, nextWakeAt, isWanted: !isArchived });
  }

  #note(orchestrator: Orchestrator, facts: EnvironmentFacts): void {
    const { record } = orchestrator;
    // The wake-up time of a busy one changes all the time, and matters only once it is down.
    const isKept =
      record.isPaused === facts.isPaused &&
      record.isWanted === facts.isWanted &&
      (facts.isWanted || record.nextWakeAt === facts.nextWakeAt);
    orchestrator.record = { ...record, ...facts };
    if (isKept) return;
    if (!this.#parts.registry.noteFacts(record.id, facts)) {
      this.#parts.log.warn({ environment: orchestrator.child.spec.name }, "the disk is full: its state is not kept");
    }
  }

  async #whenReady({ record, child }: Orchestrator): Promise<Result<Ready, Failure>> {
    const { changes, limits } = this.#parts;
    await changes.until(() => this.#isClosing || child.isSettled, limits.readyWaitMs);
    const { phase, pid } = child;
    if (phase.kind === "ready" && pid !== null) return ok({ pid, epoch: phase.epoch ?? 0 });
    return failure(this.#isClosing ? shuttingDown : unavailable(record, child, this.#parts));
  }
}

const shuttingDown: Failure = { code: "shutting_down", message: "the server is stopping: try again when it is back" };
