import type { Failure } from "../protocol/error-codes.ts";
import { environmentKey } from "../protocol/names.ts";
import type { SupervisorMessage } from "../protocol/supervisor-messages.ts";
import type { EnvironmentView } from "../protocol/views.ts";
import type { Child } from "./child.ts";
import type { EnvironmentRecord } from "./registry.ts";

// What the gateway is told of an environment and its orchestrator.

export function environmentMessage(
  record: EnvironmentRecord,
  child: Child | undefined,
  socketPath: string,
  isDeleted = false,
): Extract<SupervisorMessage, { kind: "environment" }> {
  const isReady = child?.phase.kind === "ready";
  return {
    kind: "environment",
    project: record.project,
    environment: record.name,
    state: child?.phase.kind ?? "stopped",
    socketPath: isReady ? socketPath : null,
    epoch: child?.phase.kind === "ready" ? child.phase.epoch : null,
    reason: child === undefined || isReady ? null : reasonOf(child),
    exists: !isDeleted && !record.isArchived,
  };
}

export function environmentView(record: EnvironmentRecord, child: Child | undefined): EnvironmentView {
  const active = record.isPaused ? "paused" : "active";
  return {
    name: record.name,
    state: record.isArchived ? "archived" : active,
    base: record.base,
    createdAt: record.createdAt,
    process: child?.phase.kind ?? "stopped",
  };
}

/** Why an orchestrator does not serve at the moment, and what ends that. */
export function unavailable(record: EnvironmentRecord, child: Child, retryAfterMs: number): Failure {
  const key = environmentKey(record.project, record.name);
  const { phase } = child;
  const remedy = `\`coflux environments restart -p ${record.project} -e ${record.name}\` lifts it`;
  const message =
    phase.kind === "quarantined"
      ? `environment ${key} is in quarantine: ${reasonOf(child)}; ${remedy}`
      : `environment ${key} is ${phase.kind}: ${reasonOf(child) ?? "try again soon"}`;
  return { code: "environment_unavailable", message, details: { state: phase.kind, retryAfterMs } };
}

function reasonOf(child: Child): string | null {
  const last = child.lastExit?.reason ?? null;
  switch (child.phase.kind) {
    case "quarantined":
      return last === null ? child.phase.reason : `${child.phase.reason} (${last})`;
    case "starting":
      return child.progress ?? last;
    case "backoff":
    case "stopping":
    case "stopped":
    case "ready":
      return last;
  }
}
