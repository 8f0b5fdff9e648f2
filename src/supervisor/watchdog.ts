import type { Ms } from "../base/clock.ts";
import type { Limits } from "./limits.ts";

/** What is known of a child's silence. Silence is counted from tick to tick, and only over ticks on which we were awake ourselves. */
export interface Watch {
  readonly lastTickAt: Ms;
  readonly silenceMs: Ms;
  readonly isUnresponsive: boolean;
}

/** `unresponsive` is said once for each silence. */
export type WatchVerdict = "fine" | "unresponsive" | "hung";

export function startWatch(now: Ms): Watch {
  return { lastTickAt: now, silenceMs: 0, isUnresponsive: false };
}

/** The child has said something: its event loop turns. */
export function heard(watch: Watch): Watch {
  return { ...watch, silenceMs: 0, isUnresponsive: false };
}

/**
 * Counts the time since the last tick as silence. A tick that comes late says that this process was stopped, starved or paused: what the
 * child said meanwhile has not been read yet, so that time counts for nothing. `now` is monotonic.
 */
export function tick(watch: Watch, now: Ms, limits: Limits): { readonly watch: Watch; readonly verdict: WatchVerdict } {
  const elapsedMs = now - watch.lastTickAt;
  const wasStalled = elapsedMs > limits.pingMs + limits.stallMs;
  const silenceMs = wasStalled ? watch.silenceMs : watch.silenceMs + elapsedMs;
  const isSilent = silenceMs >= limits.softSilenceMs;
  const next = { lastTickAt: now, silenceMs, isUnresponsive: isSilent };
  if (silenceMs >= limits.hardSilenceMs) return { watch: next, verdict: "hung" };
  return { watch: next, verdict: isSilent && !watch.isUnresponsive ? "unresponsive" : "fine" };
}
