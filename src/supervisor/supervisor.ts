import { PRODUCT_VERSION } from "../protocol/version.ts";
import type { ChildMessage } from "../protocol/supervisor-messages.ts";
import type { ProcessesView } from "../protocol/views.ts";
import type { Cancel, Ms } from "../base/clock.ts";
import { type Result, failure, ok } from "../base/result.ts";
import { Child, type ChildParts } from "./child.ts";
import { showLife } from "./child-life.ts";
import { type SpecParts, gatewaySpec, orchestratorSpec } from "./child-specs.ts";
import { environmentMessage } from "./environment-messages.ts";
import { rotateLog } from "./log-files.ts";
import { Orchestrators } from "./orchestrators.ts";
import type { EnvironmentRecord, Registry } from "./registry.ts";
import { type RequestParts, answer } from "./requests.ts";
import { shutdownStep } from "./shutdown-order.ts";

export interface SupervisorParts extends ChildParts, SpecParts {
  readonly registry: Registry;
  /** The supervisor's own log. */
  readonly logPath: string;
  /** The gateway cannot be kept up: the server has to end. */
  onGatewayLost(reason: string): void;
}

/** Keeps the gateway up and the orchestrators as they are needed; answers the gateway; stops all in order. */
export class Supervisor {
  readonly #parts: SupervisorParts;
  readonly #gateway: Child;
  readonly #orchestrators: Orchestrators;
  readonly #requests: RequestParts;
  readonly #startedAt: Ms;
  readonly #cancelTimers: Cancel[] = [];
  #hasStopped = false;

  constructor(parts: SupervisorParts) {
    const { registry, runtime, dataDirectory } = parts;
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
    this.#gateway = new Child(gatewaySpec(parts), parts, {
      onChange: () => this.#gatewayChanged(),
      onMessage: (_child, message) => void this.#onGatewayMessage(message),
    });
    this.#orchestrators = new Orchestrators({
      ...parts,
      specOf: (record, isArchived) => orchestratorSpec(parts, record, isArchived),
      onChange: (record) => this.#tellGateway(record, false),
    });
    this.#requests = {
      registry,
      orchestrators: this.#orchestrators,
      dataDirectory,
      clock: parts.clock,
      log: parts.log,
      socketPath: (record) => runtime.socketPath(record.id),
      processes: () => this.processes(),
      announce: (record, isDeleted) => this.#tellGateway(record, isDeleted),
    };
  }

  /** Starts the gateway and whatever has work to do. Resolves when the gateway serves, or with the reason why it will not. */
  async start(): Promise<Result<null, string>> {
    const { limits } = this.#parts;
    this.#repeat(limits.pingMs, () => {
      for (const child of this.#children) child.sweep();
    });
    this.#repeat(limits.sampleMs, () => this.#sample());
    this.#gateway.start("the server starts");
    this.#orchestrators.look();
    await this.#parts.changes.until(() => this.#gateway.isSettled);
    const { phase, lastExit } = this.#gateway;
    if (phase.kind === "ready") return ok(null);
    if (phase.kind === "quarantined") return failure(lastExit?.reason ?? phase.reason);
    return failure("the server was stopped while it started");
  }

  /** Stops all children in order; resolves when none is left. */
  async stop(): Promise<void> {
    this.#orchestrators.close();
    const { limits, changes } = this.#parts;
    for (;;) {
      // What waits for its start, or for the end of its back-off, does not start any more.
      for (const child of this.#children) if (!child.isAlive) child.stop("the server stops");
      const step = shutdownStep(this.#children, limits);
      if (step.kind === "done") break;
      for (const child of step.children) child.stop("the server stops", step.withinMs, step.terminateMs);
      await changes.until(() => !step.children.some((child) => child.isAlive));
    }
    this.#hasStopped = true;
    for (const cancel of this.#cancelTimers) cancel();
  }

  /** Ends every child at once. */
  kill(): void {
    for (const child of this.#children) child.kill("the server was killed");
  }

  processes(): ProcessesView {
    const environments = this.#parts.registry.environments();
    return {
      supervisor: {
        pid: process.pid,
        startedAt: this.#startedAt,
        rssBytes: process.memoryUsage.rss(),
        version: PRODUCT_VERSION,
      },
      gateway: this.#gateway.view(),
      orchestrators: environments
        .map((record) => ({ record, child: this.#orchestrators.childOf(record) }))
        .filter(({ record, child }) => !record.isArchived || child?.isAlive === true)
        .map(({ record, child }) => ({
          project: record.project,
          environment: record.name,
          ...(child?.view() ?? neverStarted),
        })),
    };
  }

  get #children(): readonly Child[] {
    return [this.#gateway, ...this.#orchestrators.children];
  }

  #gatewayChanged(): void {
    const { phase, lastExit } = this.#gateway;
    if (phase.kind === "quarantined") this.#parts.onGatewayLost(lastExit?.reason ?? phase.reason);
    if (phase.kind !== "ready") return;
    for (const record of this.#parts.registry.environments()) {
      if (this.#orchestrators.childOf(record) !== undefined) this.#tellGateway(record, false);
    }
  }

  async #onGatewayMessage(message: Extract<ChildMessage, { kind: "activity" | "request" }>): Promise<void> {
    if (message.kind === "activity") return;
    const { id, name, params } = message;
    const result = await answer(this.#requests, name, params);
    const reply = result.ok ? { ok: true as const, value: result.value } : { ok: false as const, error: result.error };
    this.#gateway.send({ kind: "reply", id, ...reply });
  }

  #tellGateway(record: EnvironmentRecord, isDeleted: boolean): void {
    const { runtime } = this.#parts;
    const child = this.#orchestrators.childOf(record);
    this.#gateway.send(environmentMessage(record, child, { socketPath: runtime.socketPath(record.id), isDeleted }));
  }

  async #sample(): Promise<void> {
    const { limits } = this.#parts;
    const hasNeighbours = this.#orchestrators.children.filter((child) => child.isAlive).length > 1;
    rotateLog(this.#parts.logPath, limits);
    await Promise.all(this.#children.map((child) => child.sample(hasNeighbours)));
  }

  /** Runs something over and over; the next interval begins when it is done. */
  #repeat(intervalMs: Ms, run: () => void | Promise<void>): void {
    const index = this.#cancelTimers.length;
    const again = (): void => {
      if (this.#hasStopped) return;
      this.#cancelTimers[index] = this.#parts.timers.after(intervalMs, () => {
        void Promise.resolve(run()).then(again);
      });
    };
    again();
  }
}

const neverStarted: ProcessesView["gateway"] = { ...showLife(null), state: "stopped", restarts: 0, lastExit: null };
