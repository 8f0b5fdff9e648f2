import { exhaustive } from "../../base/exhaustive.ts";
import type { ExecutionStatus, RunStatus } from "../../protocol/views.ts";

// The states of an execution and the moves between them:
//
//   queued ──> assigned ──> succeeded | failed | abandoned | timed_out
//     │           └───────> cancelled
//     ├──> spawned    (a called workflow: it goes on as a run of its own)
//     └──> cancelled
//
// A final state is never left. `failed`, `abandoned` and `timed_out` may have a successor (the next attempt), `spawned` always has one.
// One that was cancelled because its step was run again, or whose run was, is replaced by that attempt.

/** Queued or assigned: it can still be cancelled. */
export function isLive(status: ExecutionStatus): boolean {
  return status === "queued" || status === "assigned";
}

/** Ends that count as a failed try: they are retried if the author wants it. */
export function isFailure(status: ExecutionStatus): status is "failed" | "abandoned" | "timed_out" {
  return status === "failed" || status === "abandoned" || status === "timed_out";
}

/** The status of a run whose root's latest attempt has this status and no successor. */
export function runStatusOf(root: ExecutionStatus): RunStatus {
  switch (root) {
    case "queued":
    case "succeeded":
    case "failed":
    case "abandoned":
    case "cancelled":
    case "timed_out":
      return root;
    case "assigned":
    case "suspended":
    case "cached":
    case "deferred":
    case "spawned":
    case "recurred":
      return "running";
    default:
      return exhaustive(root);
  }
}
