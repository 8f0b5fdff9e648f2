import type { Ms } from "../../base/clock.ts";
import type { Terminal } from "./terminal.ts";
import { formatAge, formatIso } from "./time.ts";

/** A moment for whoever reads the stream: how long ago on a terminal, ISO 8601 for programs; `-` when there is none. */
export function formatMoment(terminal: Pick<Terminal, "isTty">, at: Ms | null, now: Ms): string {
  if (at === null) return "-";
  return terminal.isTty ? formatAge(at, now) : formatIso(at);
}
