import {
  ARGUMENTS_LIMIT,
  CONCURRENCY_LIMIT,
  ID_LIMIT,
  LOG_TEXT_LIMIT,
  REPOSITORIES_LIMIT,
  STACK_LIMIT,
  TARGET_PATH_LIMIT,
  TEXT_LIMIT,
} from "./limits.ts";
import { manifestField, targetOptionsField } from "./manifest.ts";
import { type Catalog, type MessageOf, decoder, encoder, message } from "./message.ts";
import { outcomeField } from "./outcome.ts";
import { dictionary, flag, integer, list, nullable, object, oneOf, text } from "./shape.ts";
import { valueField } from "./values.ts";
import { DURATION_LIMIT_MS } from "../base/duration.ts";

// What an agent and the orchestrator of its environment say to each other, in both directions. How the messages are framed, numbered and
// acknowledged: agent-frame.ts. Every message may arrive twice and then changes nothing.

const executionId = text(ID_LIMIT);
const targetPath = text(TARGET_PATH_LIMIT);
const timestamp = integer(0, Number.MAX_SAFE_INTEGER);
/** Counted by the executor from 1 for each calling execution: `(caller, request)` names a request for ever, so repeating it is safe. */
const request = integer(1, 4_294_967_295);

/** Levels of log lines; `stdout` and `stderr` are what was captured. The number on the wire is the position. */
export const logLevels = ["debug", "stdout", "info", "stderr", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

const logEntry = object({
  execution: executionId,
  /** Counted from 1 for each execution. */
  sequence: integer(1, Number.MAX_SAFE_INTEGER),
  timestamp,
  level: integer(0, logLevels.length - 1),
  /** With `{name}` slots that `values` fill. */
  template: text(LOG_TEXT_LIMIT),
  /** A JSON object, or `null` for none. */
  values: nullable(text(LOG_TEXT_LIMIT)),
});

/** Agent to orchestrator: unnumbered, about the connection itself. */
export const agentControl = {
  /** The answer to `challenge`. `session` and `secret` are null for a new one; `known` names what was received and has no acknowledged outcome. */
  hello: message(1, {
    protocol: integer(0, 1_000_000),
    session: nullable(text(ID_LIMIT)),
    secret: nullable(text(128)),
    /** The last frame that the agent saw acknowledged: a server that remembers less has lost history. */
    acknowledged: integer(0, Number.MAX_SAFE_INTEGER),
    known: list(executionId, 200_000),
    agent: object({ pid: integer(0, Number.MAX_SAFE_INTEGER), host: text(255), version: text(64), node: text(64) }),
  }),
  ping: message(2, { sequence: integer(0, Number.MAX_SAFE_INTEGER) }),
} satisfies Catalog;

/** Orchestrator to agent: unnumbered, about the connection itself. */
export const agentControlReplies = {
  /** The first word on a connection, and again whenever the orchestrator was restarted behind it. */
  challenge: message(1, { epoch: integer(0, 4_294_967_295) }),
  /** The session is open; frames after `lastSequence` are to be sent (again). `secret` comes with a new session only. */
  welcome: message(2, {
    session: text(ID_LIMIT),
    secret: nullable(text(128)),
    lastSequence: integer(0, Number.MAX_SAFE_INTEGER),
    leaseMs: integer(0, DURATION_LIMIT_MS),
  }),
  /** `session_unknown`: forget the session, stop what runs in it, say hello without one. Any other code: come back later. */
  reject: message(3, { code: text(64), message: text(TEXT_LIMIT) }),
  pong: message(4, { sequence: integer(0, Number.MAX_SAFE_INTEGER) }),
} satisfies Catalog;

/** Agent to orchestrator: numbered, kept by the agent until acknowledged. */
export const agentMessages = {
  /** What this agent hosts; replaces what it declared before. Nothing is assigned to a session before its first. */
  declare: message(1, {
    concurrency: integer(1, CONCURRENCY_LIMIT),
    provides: dictionary(list(text(30), 10), 10),
    repositories: list(manifestField, REPOSITORIES_LIMIT),
  }),
  /** A call. Answered by `submitted` or `refused`; if `isAwaited`, by `answer` (or `refused`) alone. `options` are the caller's overrides. */
  submit: message(2, {
    request,
    caller: executionId,
    target: targetPath,
    arguments: list(valueField, ARGUMENTS_LIMIT),
    options: nullable(targetOptionsField),
    isAwaited: flag,
  }),
  /** Asks for the outcome of an execution: answered by `answer` when it is final, or at once, perhaps as pending, if `isPeek`. */
  await: message(3, { request, caller: executionId, execution: executionId, isPeek: flag }),
  /** The waiting of request `request` is over (a time limit of the caller passed). Not answered. */
  unawait: message(4, { request, caller: executionId }),
  /** Cancels executions with their descendants. Answered by `done`. */
  cancel: message(5, { request, caller: executionId, executions: list(executionId, 10_000) }),
  /** The function has begun; sent for executions with a timeout, so that the server can stand in for the agent. */
  started: message(6, { execution: executionId }),
  /** How an execution ended. `mayRetry` is false when its author said so; `hasStopped` is false while user code is still running. */
  outcome: message(7, {
    execution: executionId,
    outcome: outcomeField,
    mayRetry: flag,
    retryAfterMs: nullable(integer(0, DURATION_LIMIT_MS)),
    hasStopped: flag,
  }),
  /** The user code of an execution whose outcome is already known has really stopped: its slot is free. */
  stopped: message(8, { execution: executionId }),
  logs: message(9, { entries: list(logEntry, 1_000) }),
  /** The agent drains: it takes only what its own executions wait for. */
  draining: message(10, {}),
} satisfies Catalog;

/** Orchestrator to agent: sent after the commit they follow from, rebuilt from the database at the next hello. */
export const agentCommands = {
  execute: message(1, {
    execution: executionId,
    target: targetPath,
    arguments: list(valueField, ARGUMENTS_LIMIT),
    timeoutMs: nullable(integer(1, DURATION_LIMIT_MS)),
    isolation: oneOf("shared", "process"),
  }),
  submitted: message(2, { request, caller: executionId, execution: executionId }),
  refused: message(3, { request, caller: executionId, code: text(64), message: text(STACK_LIMIT) }),
  /** `outcome` is null while it is pending (the answer to a peek). */
  answer: message(4, { request, caller: executionId, execution: executionId, outcome: nullable(outcomeField) }),
  done: message(5, { request, caller: executionId }),
  /** Stop the user code of this execution: its outcome is already decided. Answered by `stopped` (or a late `outcome`) in the end. */
  abort: message(6, { execution: executionId, reason: oneOf("cancelled", "timed_out", "abandoned") }),
  /** An operator drains this agent: finish what runs, with the calls that it makes, then leave. */
  drain: message(7, {}),
} satisfies Catalog;

export type AgentControl = MessageOf<typeof agentControl>;
export type AgentControlReply = MessageOf<typeof agentControlReplies>;
export type AgentMessage = MessageOf<typeof agentMessages>;
export type AgentCommand = MessageOf<typeof agentCommands>;

export const encodeAgentControl = encoder(agentControl);
export const decodeAgentControl = decoder(agentControl);
export const encodeAgentControlReply = encoder(agentControlReplies);
export const decodeAgentControlReply = decoder(agentControlReplies);
export const encodeAgentMessage = encoder(agentMessages);
export const decodeAgentMessage = decoder(agentMessages);
export const encodeAgentCommand = encoder(agentCommands);
export const decodeAgentCommand = decoder(agentCommands);
