// What only the gateway needs to know; what others must agree on stands in protocol/limits.ts.

/** How long a request waits for an orchestrator that is starting or restarting. A restart takes 3 s at the 99th percentile. */
export const PARK_WAIT_MS = 10_000;
/** Requests that wait for one orchestrator, and the bytes of their parameters. */
export const PARKED_REQUESTS_LIMIT = 1_000;
export const PARKED_BYTES_LIMIT = 8_388_608;

/** How long a request waits for its reply; less when the supervisor says meanwhile that the orchestrator does not respond. */
export const REPLY_WAIT_MS = 10_000;

/** How often one request is sent at most: it may be what the orchestrator dies of. */
export const SENDS_LIMIT = 3;

/** How often waiting requests are looked through for those that waited too long. */
export const PARKING_TICK_MS = 500;

/** When to ask the supervisor again for an orchestrator: after a link that did not open, and after a refusal while agents are waiting. */
export const RECONNECT_MS = 200;
export const ASK_AGAIN_MS = 5_000;

/** How long an orchestrator may take to answer the first frame of a link. */
export const LINK_HELLO_WAIT_MS = 5_000;

/** Open connections, of clients and of agents together; fewer where the process may have fewer descriptors open. */
export const CONNECTIONS_LIMIT = 10_000;
/** The share of the descriptors that connections may take: beyond the limit of the process Node closes new connections without a word. */
export const DESCRIPTOR_SHARE = 0.8;
/** Connections above the cap that are still answered, with a refusal that says why. */
export const REFUSALS_LIMIT = 100;

/** The head of a request must arrive within this time, and be this small. */
export const HEADERS_WAIT_MS = 10_000;
export const HEADERS_LIMIT_BYTES = 16_384;
/** How often Node looks for heads that are late. */
export const HEADERS_CHECK_MS = 5_000;
/** A JSON body must arrive within this time; the next piece of a blob within the same. */
export const BODY_WAIT_MS = 30_000;
/** The next piece of an answer must be taken within this time, or within twice that: until then the rest of it waits in memory. */
export const READER_WAIT_MS = 15_000;
/** How long an idle connection is kept: longer than clients keep it, so that they close first. */
export const KEEP_ALIVE_MS = 75_000;

/** How often sockets are looked over: for pings, silence and readers that do not read. */
export const SOCKET_SWEEP_MS = 1_000;
/** A socket that takes nothing of what waits for it is closed after this long; so is an agent's that stays above the limit for as long. */
export const SLOW_READER_MS = 10_000;
export const SLOW_READER_BYTES = 4_194_304;
/** What may wait for one agent at all: a burst of commands that a fast agent reads in no time passes, a flood does not. */
export const UNREAD_LIMIT_BYTES = 67_108_864;
/** After the close of a socket was begun, the other side has this long to agree. */
export const SOCKET_CLOSE_WAIT_MS = 2_000;
/** Fragments of one WebSocket message, and pieces it may arrive in: the defaults let small frames take many times their size in memory. */
export const FRAGMENTS_LIMIT = 64;
export const CHUNKS_LIMIT = 1_024;

/** A subscriber with more than this unread hears no patches any more, but one fresh value when it has caught up. */
export const TOPIC_UNREAD_BYTES = 1_048_576;
/** Subscriptions of one socket, and the size of what it says. */
export const SUBSCRIPTIONS_LIMIT = 100;
export const TOPIC_MESSAGE_LIMIT_BYTES = 4_096;

/** How often a silent stream of logs says that it is alive: proxies close what is silent for a minute. */
export const STREAM_HEARTBEAT_MS = 15_000;
/** How long changes of a log are collected before a stream reads them. */
export const STREAM_GATHER_MS = 50;

/** A stopping gateway lets requests end for this long, then those that only wait are sent away. */
export const DRAIN_GRACE_MS = 500;

/** Agents that a stopping gateway sends away are told to come back after up to this long, at random. */
export const COME_BACK_WITHIN_MS = 2_000;

/**
 * Bytes of the arguments of one call that travel beside each other; the rest go through blobs, so that the command to the agent fits into a frame.
 */
export const INLINE_ARGUMENTS_LIMIT_BYTES = 262_144;

/** A blob of at most this size is read at once rather than streamed. */
export const BLOB_READ_WHOLE_BYTES = 1_048_576;
/** Leftovers of uploads that a crash cut short are removed when they are older than this. */
export const UPLOAD_LEFTOVER_MS = 3_600_000;

/** How long the supervisor may take to answer before the server counts as not ready. */
export const READINESS_WAIT_MS = 2_000;
