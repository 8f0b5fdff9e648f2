import { exhaustive } from "../../base/exhaustive.ts";
import type { ProcessState, EnvironmentView, RunStatus } from "../../protocol/views.ts";
import type { Colours } from "./colour.ts";

/** The colour of a word that says how something is. */
export function paintStatus(
  status: RunStatus | ProcessState | EnvironmentView["state"],
  colours: Colours,
): (text: string) => string {
  switch (status) {
    case "succeeded":
    case "ready":
    case "active":
      return colours.green;
    case "failed":
    case "abandoned":
    case "timed_out":
    case "quarantined":
      return colours.red;
    case "running":
    case "starting":
    case "stopping":
      return colours.cyan;
    case "queued":
    case "cancelled":
    case "paused":
    case "backoff":
      return colours.yellow;
    case "archived":
    case "stopped":
      return colours.dim;
    default:
      return exhaustive(status);
  }
}
