// Every limit that more than one process must agree on. What only one process needs stands in that process' own limits.ts.

/** Largest frame on an agent's WebSocket, header included. A megabyte of hostile msgpack decodes in about 0.6 s. */
export const FRAME_LIMIT_BYTES = 1_048_576;

/** Largest single message in such a frame: the rest is room for the header, and for what the agent adds to it. */
export const MESSAGE_LIMIT_BYTES = FRAME_LIMIT_BYTES - 131_072;

/** Largest list of messages between an agent and one of its executors. */
export const EXECUTOR_FRAME_LIMIT_BYTES = 16_777_216;

/** Largest body of an API request, in bytes; larger values go through blobs. */
export const BODY_LIMIT_BYTES = 4_194_304;

/** Values whose encoded form is larger than this travel as blobs. */
export const BLOB_THRESHOLD_BYTES = 32_768;

/** Largest blob, in bytes. */
export const BLOB_LIMIT_BYTES = 1_073_741_824;

/** Deepest nesting of JSON that is accepted, in levels. */
export const DEPTH_LIMIT = 64;

/** Most arguments of one call. */
export const ARGUMENTS_LIMIT = 64;

/** Most references inside one value. */
export const REFERENCES_LIMIT = 10_000;

/** Longest id of a run, step, execution, session or blob, in characters. */
export const ID_LIMIT = 64;

/** Most retries of an execution that has a limit of them, and the priorities on either side of 0. */
export const RETRIES_LIMIT = 1_000_000;
export const PRIORITY_LIMIT = 1_000_000;

/** Most targets of one repository, and most repositories of one agent. */
export const TARGETS_LIMIT = 1_000;
export const REPOSITORIES_LIMIT = 200;

/** Longest target path (`repository/name`), in characters. */
export const TARGET_PATH_LIMIT = 300;

/** Longest free text that is stored as given: descriptions, error messages, reasons. In characters. */
export const TEXT_LIMIT = 65_536;

/** Longest stack trace that is stored, in characters, and most frames kept of it. */
export const STACK_LIMIT = 65_536;
export const FRAMES_LIMIT = 50;

/** Deepest chain of causes, and most errors of an AggregateError, that are stored. */
export const CAUSES_LIMIT = 10;
export const AGGREGATE_ERRORS_LIMIT = 20;

/** Longest idempotency key, in characters. */
export const IDEMPOTENCY_KEY_LIMIT = 255;

/** Longest wait of `GET …/result?waitMs=`, in milliseconds. */
export const RESULT_WAIT_LIMIT_MS = 60_000;

/** Most entries on one page of a list; what is asked for beyond is an error. */
export const PAGE_LIMIT = 1_000;

/** Longest line of a log, in characters; the rest is cut and marked. */
export const LOG_TEXT_LIMIT = 16_384;

/** Concurrency that an agent may declare. */
export const CONCURRENCY_LIMIT = 100_000;

/** Timers count monotonic time, what is due is wall time: far moments are looked at again this often, in case the clock was set. */
export const CLOCK_LOOK_MS = 30_000;

/** A session's lease after its last sign of life; the server waits `LEASE_GRACE_MS` longer, the agent gives up `LEASE_MARGIN_MS` earlier. */
export const LEASE_MS = 60_000;
export const LEASE_GRACE_MS = 10_000;
export const LEASE_MARGIN_MS = 5_000;

/** An agent says a word this often, and either side takes a connection for dead after this much silence. */
export const PING_INTERVAL_MS = 10_000;
export const PING_DEAD_MS = 25_000;

/** User code that was asked to stop (cancelled, timed out) is killed after this long. */
export const ABORT_GRACE_MS = 10_000;

/** What may be in flight on a link before the receiver says it has handled some: whichever is reached first. */
export const LINK_WINDOW_BYTES = 1_048_576;
export const LINK_WINDOW_FRAMES = 500;
