import type { Ms } from "../base/clock.ts";

/** Every limit of the supervisor in one place. A server runs with `defaultLimits`; tests shorten them. */
export interface Limits {
  /** How often children are pinged and their silence is counted. */
  readonly pingMs: Ms;
  /** A tick of our own that is later than this says that we were stalled ourselves: the interval counts for no child's silence. */
  readonly stallMs: Ms;
  /** Silence after which a child is called unresponsive, and after which it is killed. Above every block that is legitimate. */
  readonly softSilenceMs: Ms;
  readonly hardSilenceMs: Ms;

  /** How long a start may take, and how long while the child keeps saying that it makes progress (a migration). */
  readonly startMs: Ms;
  readonly startWithProgressMs: Ms;
  /** Starts at a time, counted until the child's code is loaded or so long has passed: loading costs 0.2 s of CPU. */
  readonly spawnsAtOnce: number;
  readonly spawnSlotMs: Ms;

  /** A drain, and the time from SIGTERM to SIGKILL after it. */
  readonly drainMs: Ms;
  readonly terminateMs: Ms;
  /** The whole stop of a server: first the gateway drains, then the orchestrators, then everything is killed. */
  readonly stopGatewayMs: Ms;
  readonly stopOrchestratorsMs: Ms;
  readonly stopTerminateMs: Ms;

  /** The first restart is immediate; then this delay, doubled each time up to the longest, give or take the jitter. */
  readonly firstBackoffMs: Ms;
  readonly longestBackoffMs: Ms;
  readonly backoffJitter: number;
  /** Ready for so long: the next crash is restarted at once again. */
  readonly resetAfterReadyMs: Ms;
  /** So many failed starts within the window: quarantine. */
  readonly failedStarts: number;
  readonly failedStartsWindowMs: Ms;

  /** How often memory, CPU time and log files are looked at. */
  readonly sampleMs: Ms;
  /** More than this part of a core wanted for so long, and more than the least part of it got: the process gives way to the others. */
  readonly hotCpuPercent: number;
  readonly hotCpuLeastPercent: number;
  readonly hotCpuMs: Ms;
  readonly hotCpuNice: number;

  /** How long a request waits for an environment to become ready before it is told to come back. */
  readonly readyWaitMs: Ms;
  /** A log file is rotated when it is larger, and so many older ones are kept. */
  readonly logBytes: number;
  readonly logFiles: number;
  /** How much of a dead child's last output is kept for the reason of its end. */
  readonly lastWordsBytes: number;
}

export const defaultLimits: Limits = {
  pingMs: 1_000,
  stallMs: 200,
  softSilenceMs: 5_000,
  hardSilenceMs: 30_000,

  startMs: 30_000,
  startWithProgressMs: 600_000,
  spawnsAtOnce: 2,
  spawnSlotMs: 2_000,

  drainMs: 10_000,
  terminateMs: 3_000,
  stopGatewayMs: 3_000,
  stopOrchestratorsMs: 7_000,
  stopTerminateMs: 1_000,

  firstBackoffMs: 200,
  longestBackoffMs: 30_000,
  backoffJitter: 0.2,
  resetAfterReadyMs: 60_000,
  failedStarts: 8,
  failedStartsWindowMs: 600_000,

  sampleMs: 2_000,
  hotCpuPercent: 80,
  hotCpuLeastPercent: 25,
  hotCpuMs: 10_000,
  hotCpuNice: 10,

  readyWaitMs: 30_000,
  logBytes: 10_485_760,
  logFiles: 3,
  lastWordsBytes: 8_192,
};

/** Memory of one orchestrator: the heap V8 may use, and the resident memory above which it is restarted in order. */
export const DEFAULT_HEAP_LIMIT_MB = 256;
export const DEFAULT_RSS_LIMIT_MB = 384;

/** Resident memory at which an orchestrator is killed, as a multiple of the limit at which it is restarted in order. */
export const HARD_RSS_FACTOR = 5 / 3;

/** Without a session, a client or anything due within this time, an environment is stopped. */
export const DEFAULT_IDLE_TIMEOUT_MS: Ms = 300_000;

/** Longest path of a Unix-domain socket, in bytes: some systems cut longer ones without a word. */
export const SOCKET_PATH_LIMIT_BYTES = 100;

/** Which processes the system ends first when memory is short: larger goes first. */
export const GATEWAY_OOM_SCORE = 0;
export const ORCHESTRATOR_OOM_SCORE = 200;

/** How long the end of a child's channel may follow the end of its process; both together say that nothing more will come. */
export const CHANNEL_END_MS: Ms = 500;

/** How long what is left may take to close once all children have gone. */
export const CLOSE_MS: Ms = 1_000;

/** So long after a server was killed nothing of it is alive any more, and its port is free; and how often that is tried. */
export const ORPHANS_END_MS: Ms = 2_000;
export const BIND_AGAIN_MS: Ms = 50;

/** A child that hangs is asked for its stack: how often its log is looked at for the address, how long all of it may take, frames kept. */
export const STACK_POLL_MS: Ms = 20;
export const STACK_DEADLINE_MS: Ms = 5_000;
export const STACK_FRAMES = 30;

/** How often the directory of a deleted environment is tried again, each time after 0.1 s more, while something is still put into it. */
export const DELETE_RETRIES = 10;
