import type { Ms } from "../base/clock.ts";
import { exhaustive } from "../base/exhaustive.ts";
import type { Failure } from "../protocol/error-codes.ts";
import { environmentKey } from "../protocol/names.ts";
import type { FatalCode, SupervisorMessage } from "../protocol/supervisor-messages.ts";
import type { EnvironmentView } from "../protocol/views.ts";
import type { Child, ChildParts } from "./child.ts";
import type { ChildSpec } from "./child-process.ts";
import type { EnvironmentRecord } from "./registry.ts";

// What the gateway is told of an environment and its orchestrator.

export function environmentMessage(
  record: EnvironmentRecord,
  child: Child | undefined,
  { socketPath, isDeleted }: { readonly socketPath: string; readonly isDeleted: boolean },
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
    isUnresponsive: isReady && child.isUnresponsive,
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
export function unavailable(
  { project, name }: EnvironmentRecord,
  child: Child,
  { clock, limits }: Pick<ChildParts, "clock" | "limits">,
): Failure {
  const { phase } = child;
  const reason = reasonOf(child);
  const about = `environment ${environmentKey(project, name)} is`;
  const refused = (message: string, retryAfterMs: Ms): Failure => {
    return { code: "environment_unavailable", message, details: { state: phase.kind, reason, retryAfterMs } };
  };
  switch (phase.kind) {
    case "quarantined": {
      const remedy = `${cure(phase.fatal, child.spec)}, then \`coflux environments restart -p ${project} -e ${name}\``;
      return refused(`${about} in quarantine: ${reason}; ${remedy}`, limits.longestBackoffMs);
    }
    case "backoff": {
      const leftMs = Math.max(0, Math.round(phase.endsAt - clock.monotonic()));
      return refused(`${about} in ${reason}; it is started again in ${(leftMs / 1_000).toFixed(1)} s`, leftMs);
    }
    case "starting":
    case "ready":
    case "stopping":
    case "stopped":
      return refused(`${about} ${phase.kind}${reason === null ? "" : `: ${reason}`}; try again soon`, SOON_MS);
    default:
      return exhaustive(phase);
  }
}

/** When to come back to what is on its way. */
const SOON_MS: Ms = 2_000;

/** What somebody has to do before another start can help. */
function cure(fatal: FatalCode | null, { directory, logPath }: ChildSpec): string {
  const database = `${directory}/environment.db`;
  switch (fatal) {
    case "corrupt_database":
    case "history_regressed":
      return `restore a backup of ${database}`;
    case "newer_schema":
      return `run the newer version, or restore the copy of ${database} that it made before`;
    case "storage_failed":
      return "mend the disk";
    case "locked":
    case "bug":
    case null:
      return `mend what ${logPath} tells`;
    default:
      return exhaustive(fatal);
  }
}

function reasonOf(child: Child): string | null {
  const last = child.lastExit?.reason ?? null;
  switch (child.phase.kind) {
    case "quarantined":
      return last === null ? child.phase.reason : `${child.phase.reason} (${last})`;
    case "starting":
      return child.progress ?? last;
    case "backoff":
      return `back-off after its last end (${last ?? "of which nothing is known"})`;
    case "stopping":
    case "stopped":
    case "ready":
      return last;
    default:
      return exhaustive(child.phase);
  }
}
