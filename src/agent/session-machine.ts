import { jitteredDelayMs } from "../base/backoff.ts";
import type { Ms } from "../base/clock.ts";
import { exhaustive } from "../base/exhaustive.ts";
import type { AgentControlReply } from "../protocol/agent-messages.ts";
import { closeCodes } from "../protocol/close-codes.ts";
import { PING_DEAD_MS } from "../protocol/limits.ts";
import { askedDelayMs, describeClose } from "./close-reasons.ts";
import {
  endLease,
  fenceAt,
  forgetPings,
  giveUpLease,
  grantLease,
  notePing,
  notePong,
  pingIntervalMs,
  reconnectLimitMs,
  stopWithinMs,
} from "./lease.ts";
import {
  CHALLENGE_DEADLINE_MS,
  CONNECT_DEADLINE_MS,
  RECONNECT_FIRST_MS,
  RECONNECT_SLOW_MS,
  RECONNECT_STABLE_MS,
  REFUSED_FRAME_ATTEMPTS,
} from "./limits.ts";
import {
  type Connection,
  type Moment,
  type SessionAction,
  type SessionEvent,
  type SessionState,
  type SessionStep,
  beforeSession,
} from "./session-state.ts";

// The agent's end of the protocol with its orchestrator, as a pure machine: an event and a state in, a state and actions out. Frames and what
// the session remembers are its owner's affair (framed-session.ts), and so are sockets and the clock (session.ts).
//
//   disconnected --(retryAt)--> connecting --opened--> challenged? --challenge--> greeting --welcome--> open
//        ^                          |                      |                         |                   | challenge: greeting again
//        +------- closed, refused, deadline passed, broken frame, reject ------------+-------------------+
//
// The session outlives connections: it ends only with `session_unknown`, or a history or a frame that is lost. Whatever the state of the
// connection, the agent must have stopped its executions before the server gives them up (`fence`; lease.ts).

const notFoundCodes = new Set(["project_not_found", "environment_not_found", "environment_archived"]);
/** A frame is not what the protocol says, or is too large. */
const closedOverFrame = new Set<number>([closeCodes.broken, 1009]);

export function stepSession(state: SessionState, event: SessionEvent, moment: Moment): SessionStep {
  if (event.kind === "tick") return tick(state, moment);
  // A last word of a socket that was dropped.
  if (state.connection.kind === "disconnected" || state.connection.kind === "ended") return { state, actions: [] };
  const heard: SessionState = { ...state, heardAt: moment.now };
  switch (event.kind) {
    case "opened":
      return become(heard, { kind: "opened", deadline: moment.now + CHALLENGE_DEADLINE_MS });
    case "alive":
      return { state: heard, actions: [] };
    case "control":
      return takeControl(heard, event.message, moment);
    case "data":
      return takeData(heard, event);
    case "broken":
      return drop(state, 1002, `the server sent a broken frame: ${event.reason}`, moment);
    case "closed":
      return takeClose(state, event.code, event.reason, moment);
    case "refused":
      if (notFoundCodes.has(event.code)) return notFound(state, event, moment);
      return disconnect(state, event.reason, moment, slowIf(event.code === "protocol_mismatch"));
    default:
      return exhaustive(event);
  }
}

/** The connection over which data can be sent now. */
export function openEpoch({ connection }: SessionState): number | undefined {
  return connection.kind === "open" ? connection.epoch : undefined;
}

/** When a `tick` is due next. */
export function nextDueAt({ connection, heardAt, lease }: SessionState): Ms {
  const pingAt = connection.kind === "open" ? connection.pingAt : Infinity;
  return Math.min(fenceAt(lease), deadlineOf(connection, heardAt), pingAt);
}

function takeControl(state: SessionState, message: AgentControlReply, moment: Moment): SessionStep {
  switch (message.kind) {
    case "challenge":
      return challenged(state, message.epoch, moment);
    case "welcome":
      return welcome(state, message, moment);
    case "reject":
      return rejected(state, message, moment);
    case "pong":
      return { state: { ...state, lease: notePong(state.lease, message.sequence) }, actions: [] };
    default:
      return exhaustive(message);
  }
}

function challenged(state: SessionState, epoch: number, moment: Moment): SessionStep {
  const { connection } = state;
  const current = connection.kind === "open" || connection.kind === "greeting" ? connection.epoch : 0;
  return epoch < current ? { state, actions: [] } : hello(state, epoch, moment); // A word of an orchestrator that was replaced meanwhile.
}

function hello(state: SessionState, epoch: number, { now }: Moment): SessionStep {
  const connection: Connection = { kind: "greeting", epoch, helloAt: now, deadline: now + CHALLENGE_DEADLINE_MS };
  return {
    state: { ...state, connection, lease: forgetPings(state.lease) },
    actions: [{ kind: "hello", epoch, session: state.session }],
  };
}

/** A second welcome, after two challenges in a row, counts as much as the first: the server forgot what came between them. */
function welcome(
  state: SessionState,
  message: Extract<AgentControlReply, { kind: "welcome" }>,
  moment: Moment,
): SessionStep {
  const { connection, session } = state;
  if (connection.kind !== "greeting" && connection.kind !== "open") return { state, actions: [] };
  const { epoch, helloAt } = connection;
  const { lastSequence } = message;
  const resumed = session?.id === message.session ? session : null;
  if (resumed !== null && lastSequence < resumed.acknowledged) {
    return after(forgetSession(state, "the server lost a part of its history"), (next) => hello(next, epoch, moment));
  }
  const isNew = resumed === null;
  const before =
    isNew && session !== null ? forgetSession(state, "the server opened another session") : { state, actions: [] };
  const lease = grantLease(before.state.lease, message.leaseMs, helloAt);
  const pingAt = moment.now + pingIntervalMs(lease);
  return {
    state: {
      ...before.state,
      connection: { kind: "open", epoch, helloAt, since: moment.now, pingAt },
      session: { id: message.session, secret: message.secret ?? resumed?.secret ?? "", acknowledged: lastSequence },
      lease,
      wasEverWelcome: true,
    },
    actions: [
      ...before.actions,
      { kind: "resume", epoch, lastSequence },
      { kind: "connected", session: message.session, isNew },
    ],
  };
}

function rejected(
  state: SessionState,
  { code, message }: Extract<AgentControlReply, { kind: "reject" }>,
  moment: Moment,
): SessionStep {
  const { connection } = state;
  if (connection.kind !== "greeting" && connection.kind !== "open") return { state, actions: [] };
  if (code === "session_unknown" && state.session !== null) {
    return after(forgetSession(state, message), (next) => hello(next, connection.epoch, moment));
  }
  if (notFoundCodes.has(code)) return notFound(state, { code, reason: message }, moment);
  return drop(state, 1000, message, moment, slowIf(code === "protocol_mismatch"));
}

function takeData(state: SessionState, event: Extract<SessionEvent, { kind: "data" }>): SessionStep {
  const { connection, session } = state;
  if (connection.kind !== "open" || event.epoch !== connection.epoch || session === null) return { state, actions: [] };
  const acknowledged = Math.max(session.acknowledged, event.acknowledged);
  return {
    state: { ...state, session: { ...session, acknowledged } },
    actions: [
      { kind: "acknowledged", sequence: acknowledged },
      { kind: "commands", commands: event.commands },
    ],
  };
}

function takeClose(state: SessionState, code: number, reason: string, moment: Moment): SessionStep {
  const text = describeClose(code, reason);
  if (code === closeCodes.environmentGone) {
    return notFound(state, { code: "environment_not_found", reason: text }, moment);
  }
  if (closedOverFrame.has(code)) return after(refuseFrame(state, text), (next) => disconnect(next, text, moment));
  const delayMs = askedDelayMs(code, reason) ?? slowIf(code === closeCodes.protocolMismatch);
  return disconnect(state, text, moment, delayMs);
}

/** The frame is sent again after each welcome. When that does not help, the session ends with it: its executions are abandoned, and retried. */
function refuseFrame(state: SessionState, reason: string): SessionStep {
  const last = state.session?.acknowledged ?? 0;
  const refused = { after: last, times: state.refused.after === last ? state.refused.times + 1 : 1 };
  if (refused.times < REFUSED_FRAME_ATTEMPTS || state.session === null) {
    return { state: { ...state, refused }, actions: [] };
  }
  const fresh: SessionState = { ...state, refused: beforeSession.refused };
  return forgetSession(fresh, `it could not take what this agent sent: ${reason}`);
}

function forgetSession(state: SessionState, reason: string): SessionStep {
  return {
    state: { ...state, session: null, lease: endLease(state.lease) },
    actions: [{ kind: "session-lost", reason }],
  };
}

/** The environment is not there. Whoever has never been let in has a wrong name; otherwise it may come back. */
function notFound(
  state: SessionState,
  { code, reason }: { readonly code: string; readonly reason: string },
  moment: Moment,
): SessionStep {
  if (state.wasEverWelcome) return drop(state, 1000, reason, moment, RECONNECT_SLOW_MS);
  return become(state, { kind: "ended" }, { kind: "close", code: 1000, reason }, { kind: "give-up", code, reason });
}

function drop(state: SessionState, code: number, reason: string, moment: Moment, delayMs?: Ms): SessionStep {
  const dropped: SessionStep = { state, actions: [{ kind: "close", code, reason }] };
  return after(dropped, (next) => disconnect(next, reason, moment, delayMs));
}

function disconnect(state: SessionState, reason: string, { now, random }: Moment, delayMs?: Ms): SessionStep {
  const { connection, lease } = state;
  const wasStable = connection.kind === "open" && now - connection.since >= RECONNECT_STABLE_MS;
  const failedAttempts = wasStable ? 1 : state.failedAttempts + 1;
  const jittered = jitteredDelayMs(RECONNECT_FIRST_MS, reconnectLimitMs(lease), failedAttempts, random);
  const retryInMs = delayMs ?? jittered;
  return become(
    { ...state, failedAttempts },
    { kind: "disconnected", retryAt: now + retryInMs },
    { kind: "disconnected", reason, retryInMs },
  );
}

function tick(state: SessionState, moment: Moment): SessionStep {
  const pinged = after(fence(state, moment), (next) => ping(next, moment));
  return after(pinged, (next) => meetDeadline(next, moment));
}

/** A connection without a sign of the orchestrator for so long may be one that it does not know any more: a new one will tell. */
function fence(state: SessionState, moment: Moment): SessionStep {
  const { lease, connection } = state;
  if (moment.now < fenceAt(lease)) return { state, actions: [] };
  const fenced: SessionStep = {
    state: { ...state, lease: giveUpLease(lease) },
    actions: [{ kind: "fence", silentMs: moment.now - lease.provenAt, withinMs: stopWithinMs(lease) }],
  };
  if (connection.kind === "disconnected") return fenced;
  return after(fenced, (next) => drop(next, 1000, "the server did not answer for too long", moment));
}

function ping(state: SessionState, { now }: Moment): SessionStep {
  const { connection } = state;
  if (connection.kind !== "open" || now < connection.pingAt) return { state, actions: [] };
  const lease = notePing(state.lease, now);
  return become(
    { ...state, lease },
    { ...connection, pingAt: now + pingIntervalMs(lease) },
    { kind: "ping", epoch: connection.epoch, sequence: lease.lastPing },
  );
}

function meetDeadline(state: SessionState, moment: Moment): SessionStep {
  const { connection, heardAt } = state;
  if (moment.now < deadlineOf(connection, heardAt)) return { state, actions: [] };
  switch (connection.kind) {
    case "disconnected":
      return become(state, { kind: "connecting", deadline: moment.now + CONNECT_DEADLINE_MS }, { kind: "connect" });
    case "connecting":
    case "opened":
    case "greeting":
      return drop(state, 1000, "the server did not answer in time", moment);
    case "open":
      return drop(state, 1000, "the server fell silent", moment);
    case "ended":
      return { state, actions: [] };
    default:
      return exhaustive(connection);
  }
}

/** Until when it may stay as it is. */
function deadlineOf(connection: Connection, heardAt: Ms): Ms {
  switch (connection.kind) {
    case "disconnected":
      return connection.retryAt;
    case "connecting":
    case "opened":
    case "greeting":
      return connection.deadline;
    case "open":
      return heardAt + PING_DEAD_MS;
    case "ended":
      return Infinity;
    default:
      return exhaustive(connection);
  }
}

/** How long to stay away when somebody has to act first. */
function slowIf(isSlow: boolean): Ms | undefined {
  return isSlow ? RECONNECT_SLOW_MS : undefined;
}

function become(state: SessionState, connection: Connection, ...actions: SessionAction[]): SessionStep {
  return { state: { ...state, connection }, actions };
}

/** One step, and another from where it led. */
function after(first: SessionStep, step: (state: SessionState) => SessionStep): SessionStep {
  const second = step(first.state);
  return { state: second.state, actions: [...first.actions, ...second.actions] };
}
