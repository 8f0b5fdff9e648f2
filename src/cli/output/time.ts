import type { Ms } from "../../base/clock.ts";
import { formatDuration } from "../../base/duration.ts";

/** A moment as people on a terminal read it: how long ago it was. */
export function formatAge(at: Ms, now: Ms): string {
  return now - at < 1_000 ? "now" : `${formatDuration(now - at)} ago`;
}

export function formatIso(at: Ms): string {
  return new Date(at).toISOString();
}

/** The time of day where the terminal is; with milliseconds for lines of log. */
export function formatClock(at: Ms, withMs = false): string {
  const date = new Date(at);
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(":");
  return withMs ? `${time}.${String(date.getMilliseconds()).padStart(3, "0")}` : time;
}

/** A moment to come: the time of day, with the date when it is more than 20 hours away. */
export function formatUntil(at: Ms, now: Ms): string {
  const date = new Date(at);
  const day = `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`;
  return at - now > 72_000_000 ? `${day} ${formatClock(at)}` : formatClock(at);
}

/** How long something has been going on, as a stopwatch shows it: `0:14`, `1:02:03`. */
export function formatStopwatch(ms: Ms): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  return hours === 0
    ? `${minutes}:${twoDigits(seconds % 60)}`
    : `${hours}:${twoDigits(minutes)}:${twoDigits(seconds % 60)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
