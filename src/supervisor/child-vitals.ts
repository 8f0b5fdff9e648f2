import type { Clock, Ms } from "../base/clock.ts";
import type { Limits } from "./limits.ts";
import { lowerPriority, readFigures } from "./process-figures.ts";
import { type HotSince, type MemoryVerdict, memoryVerdict, noticeCpu } from "./resource-limits.ts";
import { type Watch, type WatchVerdict, heard, startWatch, tick } from "./watchdog.ts";

/** How one process is doing: its silence, its memory, its use of the CPU. Made anew for each process. */
export class ChildVitals {
  readonly pid: number;
  readonly #clock: Clock;
  readonly #limits: Limits;
  #watch: Watch;
  #pings = 0;
  #last: { readonly at: Ms; readonly cpuMs: Ms; readonly queuedMs: Ms } | null = null;
  #queuedPercent = 0;
  #hotSince: HotSince = null;
  #givesWay = false;

  rssBytes: number | null = null;
  cpuPercent: number | null = null;
  eventLoopLagMs: Ms | null = null;
  /** Stopped by a signal, as far as it was seen. */
  isStopped = false;

  constructor(pid: number, clock: Clock, limits: Limits) {
    this.pid = pid;
    this.#clock = clock;
    this.#limits = limits;
    this.#watch = startWatch(clock.monotonic());
  }

  get isUnresponsive(): boolean {
    return this.#watch.isUnresponsive;
  }

  get silenceMs(): Ms {
    return Math.round(this.#watch.silenceMs);
  }

  /** Silence counts from now: what came before (a start, say) had limits of its own. */
  startWatch(): void {
    this.#watch = startWatch(this.#clock.monotonic());
  }

  /** It said something. True when it had been called unresponsive. */
  heard(): boolean {
    const { isUnresponsive } = this.#watch;
    this.#watch = heard(this.#watch);
    return isUnresponsive;
  }

  /** Counts the silence since the last tick. */
  tick(): WatchVerdict {
    const { watch, verdict } = tick(this.#watch, this.#clock.monotonic(), this.#limits);
    this.#watch = watch;
    return verdict;
  }

  nextPing(): number {
    this.#pings += 1;
    return this.#pings;
  }

  /** Reads its figures. `rssLimitBytes` null: its memory is not limited. */
  async sample(rssLimitBytes: number | null): Promise<MemoryVerdict> {
    const figures = await readFigures(this.pid);
    if (figures === null) return "fine";
    const now = this.#clock.monotonic();
    const last = this.#last;
    if (last !== null && now > last.at) {
      const percentOfTime = (ms: Ms): number => Math.round((100 * ms) / (now - last.at));
      this.cpuPercent = percentOfTime(figures.cpuMs - last.cpuMs);
      this.#queuedPercent = percentOfTime(figures.queuedMs - last.queuedMs);
    }
    this.#last = { at: now, cpuMs: figures.cpuMs, queuedMs: figures.queuedMs };
    this.rssBytes = figures.rssBytes;
    this.isStopped = figures.isStopped;
    return rssLimitBytes === null ? "fine" : memoryVerdict(figures.rssBytes, rssLimitBytes);
  }

  /** Lets it give way to others once it has eaten most of a core for long. True when that has just begun. */
  async giveWayIfEating(): Promise<boolean> {
    if (this.#givesWay || this.cpuPercent === null) return false;
    const use = { gotPercent: this.cpuPercent, queuedPercent: this.#queuedPercent };
    const { hotSince, isEating } = noticeCpu(this.#hotSince, use, this.#clock.monotonic(), this.#limits);
    this.#hotSince = hotSince;
    if (!isEating) return false;
    this.#givesWay = true; // For as long as it lives: raising a priority again needs privileges.
    await lowerPriority(this.pid, this.#limits.hotCpuNice);
    return true;
  }
}
