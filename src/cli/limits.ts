// Every bound of the command line, with its unit.

/** A server that has not said a word of an answer for so long does not answer. The API itself waits up to 60 s for a result. */
export const REQUEST_TIMEOUT_MS = 75_000;

/** How long `dev` waits for a server to say who it is before it takes the address for free or foreign. */
export const PROBE_TIMEOUT_MS = 3_000;

/** The live tree is drawn at most this often. */
export const REDRAW_MS = 100;

/** A topic's socket that breaks is opened again after this long, doubling up to the second. */
export const RECONNECT_FIRST_MS = 200;
export const RECONNECT_LIMIT_MS = 5_000;

/** While the socket is away the run is asked for this often instead. */
export const POLL_MS = 1_000;

/** How long a topic's socket may take to open, and the longest message that it takes: a whole run of 100,000 steps. */
export const SOCKET_HANDSHAKE_MS = 5_000;
export const SOCKET_MESSAGE_LIMIT_BYTES = 134_217_728;

/** A server that keeps being unreachable while a run is watched is given up after this long. */
export const UNREACHABLE_LIMIT_MS = 120_000;

/** Siblings of one target from this many on are drawn as one line. */
export const GROUP_LEAST = 6;

/** Failed members of such a group that are drawn below it, at most. */
export const GROUP_FAILURES = 5;

/** Lines of the tree that `run` leaves on the terminal when it ends, at most; `runs show` has the rest. */
export const FINAL_TREE_LINES = 300;

/** Characters of the arguments that stand beside a step. */
export const ARGUMENTS_WIDTH = 40;

/** A larger result is not printed on a terminal, and one beyond the second limit, of which several copies are in memory, nowhere. */
export const RESULT_ON_TERMINAL_BYTES = 1_048_576;
export const RESULT_LIMIT_BYTES = 134_217_728;

/** Frames of a stack that are printed for an error, and causes below it. */
export const FRAMES_SHOWN = 10;
export const CAUSES_SHOWN = 5;

/** Entries that an error lists of what exists instead. */
export const ALTERNATIVES_SHOWN = 10;

/** Whether the agent has declared what it hosts is asked after this long, and then ever more seldom: its code may be broken for hours. */
export const DECLARE_POLL_MS = 50;
export const DECLARE_POLL_LIMIT_MS = 1_000;

/** After the end of a run `dev` waits so long for the last lines of its log, which may come after it. */
export const LAST_LINES_MS = 500;

/** A run that waits for less is told of when it starts. */
export const QUEUED_TOLD_MS = 500;

/** Runs whose logs `dev` shows at a time; the server allows a few more subscriptions on one socket. */
export const SHOWN_LOGS = 90;

/** A followed log is looked at this often; the end of its run is noticed at once. */
export const FOLLOW_WAIT_MS = 500;

/** Runs that are listed unless `--limit` says otherwise. */
export const RUNS_LISTED = 20;

/** What a TCP port and the number of an agent's executors can be. */
export const PORT_LIMIT = 65_535;
export const EXECUTORS_LIMIT = 1_000;

/** How long `dev` lets executions that still run go on after Ctrl-C. */
export const DEV_DRAIN_MS = 3_000;

/** What an orchestrator may be given; with less it does not start. */
export const LEAST_MEMORY_MB = 64;
export const MEMORY_LIMIT_MB = 1_048_576;
