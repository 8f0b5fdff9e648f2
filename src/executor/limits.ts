// The executor's own limits; those it shares with others stand in protocol/limits.ts.

/** An executor asks itself this often whether its agent still speaks, and ends itself when it has not heard it so many times in a row. */
export const AGENT_CHECK_INTERVAL_MS = 5_000;
/** 45 s: the agent pings twice a second, and its lease is over after 60 s of silence at the earliest. */
export const AGENT_SILENT_CHECKS_LIMIT = 9;

/** Log lines wait at most so long, or for so many of them, or for so much text, before they leave. */
export const LOG_BATCH_MS = 50;
export const LOG_BATCH_ENTRIES = 500;
export const LOG_BATCH_CHARACTERS = 131_072;

/** What one execution may log in a second; what is beyond is dropped and counted. */
export const LOG_ENTRIES_PER_SECOND = 1_000;
export const LOG_CHARACTERS_PER_SECOND = 262_144;

/** Executions that have ended and whose log can still be continued. */
export const ENDED_LOGS_LIMIT = 1_000;

/** Writes to stderr that are told to the agent at once, and how much of each, in characters. */
export const COMPLAINTS_PER_SECOND = 20;
export const COMPLAINT_LIMIT = 2_000;

/** Output without a line break is a line when it has become so long. */
export const PARTIAL_LINE_LIMIT = 16_384;

/** Blobs: attempts at one transfer, the delays between them, and how long one attempt may take without a byte. What is uploaded takes that long
 * at most and a second for each megabyte: `fetch` does not tell how far it is. */
export const BLOB_ATTEMPTS_LIMIT = 5;
export const BLOB_RETRY_FIRST_MS = 200;
export const BLOB_RETRY_LIMIT_MS = 5_000;
export const BLOB_DEADLINE_MS = 120_000;
export const BLOB_UPLOAD_BYTES_PER_MS = 1_000;
/** Keys of which an executor remembers that the server has them. */
export const STORED_BLOBS_LIMIT = 10_000;
