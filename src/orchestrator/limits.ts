// What only the orchestrator must know. Limits that both ends of a channel must agree on stand in protocol/limits.ts.

/** Bounds of one environment; tests and benchmarks set others. */
export interface Limits {
  /** Most steps of one run. A run is shown as a whole, and that must stay a matter of some hundred milliseconds. */
  readonly stepsPerRun: number;
  /** Deepest chain of workflows that call workflows, in runs. Endless recursion ends here. */
  readonly runDepth: number;
  /** Most executions that wait for an agent or for their time before runs from outside are turned away. */
  readonly queueLength: number;
  /** Most waiting executions of one session before it gets only what others wait for: each keeps its code's memory in an executor. */
  readonly waitingPerSession: number;
  /** Most executions that one batch hands to agents, brings from their delay into the queue, or times out: the next batch goes on. */
  readonly executionsPerTurn: number;
  /** Most rows that one batch changes when runs, a session or everything ends: the next batch goes on. About 20 ms. */
  readonly sweptPerTurn: number;
  /** Most log lines that are kept of one execution. */
  readonly logsPerExecution: number;
}

export const defaultLimits: Limits = {
  stepsPerRun: 100_000,
  runDepth: 100,
  queueLength: 100_000,
  waitingPerSession: 10_000,
  executionsPerTurn: 1_000,
  sweptPerTurn: 1_000,
  logsPerExecution: 100_000,
};

/** One transaction takes at most this many commands, or the commands of this many bytes of frames; the next turn goes on. */
export const BATCH_COMMANDS = 200;
export const BATCH_BYTES = 1_048_576;

/** So many lines of log cost as much as a command: a frame may bring twenty thousand short ones. */
export const LOG_LINES_OF_A_COMMAND = 20;

/** After a write that found the disk full or the file locked: how long until the next attempt. */
export const STORAGE_RETRY_MS = 1_000;

/** An agent answers a challenge within this time, or its connection is closed. */
export const HELLO_TIMEOUT_MS = 10_000;

/** What a frame to an agent needs beside the largest value or arguments in it. */
export const FRAME_HEADROOM_BYTES = 4_096;

/** Most clients that wait for results at one time, in all. */
export const RESULT_WAITERS = 10_000;

/** Most subscriptions to live views at one time, in all. */
export const SUBSCRIPTIONS = 10_000;

/** A live view is computed anew at most this often, and takes at most this share of a core; all of them together take the second share. */
export const TOPIC_INTERVAL_MS = 100;
export const TOPIC_CORE_SHARE = 0.1;
export const TOPICS_CORE_SHARE = 0.5;

/** A run of more steps, or more attempts at them, is not shown live: both its last value and the next are kept to compare them. */
export const TOPIC_RUN_STEPS = 10_000;

/** What the live views of run lists and of logs begin with. */
export const TOPIC_RUNS = 100;
export const TOPIC_LOGS = 1_000;

/** A live view of logs that has grown beyond this begins again with the latest ones: whoever mirrors it has to keep it all. */
export const TOPIC_LOGS_KEPT = 5_000;

/** A read for people takes at most this long; then it is given up. Until it ends, the write-ahead log cannot shrink. */
export const READ_LIMIT_MS = 5_000;

/** Without a single answer for so long the reader's thread hangs: every view gives up by itself before. */
export const READER_SILENCE_MS = 2 * READ_LIMIT_MS;

/** Steps of a run are read in pages of this many, so that the time is looked at in between. */
export const READ_PAGE_STEPS = 1_000;

/** Most attempts at the steps of such a page: retries without end make any number, and what is shown of a step stands in memory at once. */
export const READ_PAGE_ATTEMPTS = 100_000;

/** The view of a run carries values up to this many characters in all; what is beyond is shown by its length alone. */
export const RUN_VIEW_CHARACTERS = 8_000_000;

/** Most reads for people that are under way or wait at one time. */
export const READS_WAITING = 1_000;

/** The reader's thread ends after so long without a read and without a live view. */
export const READER_IDLE_MS = 60_000;

/** Memory of the reader's thread, in MB: beyond it the thread ends, and what it was doing fails. */
export const READER_HEAP_MB = 256;

/** So long after the last write the write-ahead log is moved into the file; and after so long, emptied. */
export const CHECKPOINT_PASSIVE_MS = 1_000;
export const CHECKPOINT_TRUNCATE_MS = 15_000;

/** A write-ahead log larger than this means that something keeps it from being moved into the file. */
export const WAL_ALARM_BYTES = 67_108_864;

/** How often, at most, its size is looked at. */
export const WAL_LOOK_MS = 10_000;

/** How often, at most, the supervisor hears what there is to do. */
export const ACTIVITY_INTERVAL_MS = 1_000;

/** How long an orchestrator that stops waits for the gateway to read the last of what was said to it. A gateway that hangs must not hold it up. */
export const GOODBYE_WAIT_MS = 3_000;

/** A timer of the leases that fires later than this means that this process stood still: what agents said meanwhile is not read yet. */
export const OWN_STALL_MS = 1_000;
