// The agent's own limits; those it shares with the server stand in protocol/limits.ts.

/** What may be packed and not yet acknowledged. Beyond it, no work is started and calls are refused until the server catches up. */
export const OUTBOX_LIMIT_BYTES = 67_108_864;

/** Log lines are given up earlier, so that results still find room. */
export const OUTBOX_LOGS_LIMIT_BYTES = 16_777_216;

/** Most executions that wait for others, because each holds memory. At the limit new work starts only while nothing else runs here. */
export const WAITING_LIMIT = 50_000;

/** Most executions named in a `hello`, so that it always fits into a frame. One that is not named may be sent again, and is then dropped here. */
export const HELLO_KNOWN_LIMIT = 20_000;

/** Opening the socket may take this long, then the server's first word as long again. */
export const CONNECT_DEADLINE_MS = 15_000;
export const CHALLENGE_DEADLINE_MS = 30_000;

/** Reconnecting: uniformly random below a ceiling that doubles. Fresh again after a connection that was stable. */
export const RECONNECT_FIRST_MS = 200;
export const RECONNECT_LIMIT_MS = 10_000;
export const RECONNECT_STABLE_MS = 30_000;

/** So often in a row the server may close the connection over a frame that it cannot take; then the session is given up with that frame. */
export const REFUSED_FRAME_ATTEMPTS = 3;

/** Between attempts when the server is of another version, or the environment is gone: somebody has to act first. */
export const RECONNECT_SLOW_MS = 30_000;

/** An executor is pinged this often; with so many pings unanswered (one second) its event loop counts as blocked. */
export const EXECUTOR_PING_INTERVAL_MS = 500;
export const MISSED_PONGS_LIMIT = 3;
/** Blocked for so many pings (10 s), an executor is killed if something in it has to stop and does not. */
export const LONG_BLOCK_PONGS = 20;

/** An executor times its executions itself; the agent stands in this much later, when that executor's event loop is blocked. */
export const TIMEOUT_SLACK_MS = 1_000;

/** Loading the code of all repositories in an executor may take this long. */
export const LOAD_DEADLINE_MS = 15_000;

/** An executor that ended unexpectedly is replaced at once, then after delays that double; fresh again after a while without a crash. */
export const EXECUTOR_RESTART_FIRST_MS = 200;
export const EXECUTOR_RESTART_LIMIT_MS = 30_000;
export const EXECUTOR_RESTART_RESET_MS = 60_000;

/** After the end of an executor's process its last words may take this long to be read. */
export const LAST_WORDS_MS = 1_000;

/** What an executor writes itself, outside of any execution: longer lines are cut, and only so many a second are shown. */
export const OUTPUT_LINE_LIMIT = 8_192;
export const OUTPUT_LINES_PER_SECOND = 200;

/** Last lines of stderr that are kept for the reason of an end. */
export const STDERR_TAIL_LINES = 10;

/** Longest reason of an abandoned execution, with the last lines of its executor. In characters. */
export const REASON_LIMIT = 10_000;

/** Executions that run at once, unless the agent is told otherwise. */
export const DEFAULT_CONCURRENCY = 100;

/** A drain waits this long for what runs. */
export const DRAIN_TIMEOUT_MS = 120_000;

/** When everything has to stop (an abort, a lost session), code that does not listen is killed after this long. */
export const STOP_GRACE_MS = 1_000;

/** After an abort, stopping and telling the server may take this long. */
export const FAREWELL_MS = 5_000;

/** How much of the body of a refused connection is read. */
export const REFUSAL_LIMIT_BYTES = 65_536;

/** Changes of source files that follow each other within this time are one. */
export const WATCH_QUIET_MS = 30;
