import { closeCodes } from "../protocol/close-codes.ts";
import { jitteredDelayMs } from "../base/backoff.ts";
import type { Ms } from "../base/clock.ts";
import { exhaustive } from "../base/exhaustive.ts";
import type { Random } from "../base/random.ts";
import { errorText } from "../base/error-text.ts";
import {
  type AgentEnvelope,
  agentFrameBody,
  encodeAgentFrame,
  readAgentEnvelope,
  writeAgentEnvelope,
} from "../protocol/agent-frame.ts";
import {
  type AgentControl,
  type AgentControlReply,
  decodeAgentControlReply,
  encodeAgentControl,
} from "../protocol/agent-messages.ts";
import {
  type RelayedAgentCommand,
  type RelayedAgentMessage,
  decodeRelayedAgentCommand,
} from "../protocol/executor-messages.ts";
import { PING_DEAD_MS } from "../protocol/limits.ts";
import { PROTOCOL_VERSION } from "../protocol/version.ts";
import { pack, unpackList } from "../process/pack.ts";
import {
  CHALLENGE_DEADLINE_MS,
  CONNECT_DEADLINE_MS,
  RECONNECT_FIRST_MS,
  RECONNECT_SLOW_MS,
  RECONNECT_STABLE_MS,
  REFUSED_FRAME_ATTEMPTS,
} from "./limits.ts";
import { askedDelayMs, describeClose } from "./close-reasons.ts";
import { createLease } from "./lease.ts";
import { createSessionMemory } from "./session-memory.ts";

// The agent's end of the protocol with its orchestrator: events in, actions out, no clock and no socket inside. `now` is monotonic.
//
//   disconnected --(retryAt)--> connecting --opened--> challenged? --challenge--> greeting --welcome--> open
//        ^                          |                      |                         |                   | challenge: greeting again
//        +------- closed, refused, deadline passed, broken frame, reject ------------+-------------------+
//
// The session outlives connections: its memory (session-memory.ts) ends only with `session_unknown`. Whatever the state of
// the connection, the agent must have stopped its executions before the server gives them up (`fence`; lease.ts).

export interface AgentIdentity {
  readonly pid: number;
  readonly host: string;
  readonly version: string;
  readonly node: string;
}

export type SessionEvent =
  | { readonly kind: "opened" }
  | { readonly kind: "frame"; readonly bytes: Uint8Array }
  /** The socket gave another sign of life (a ping or pong below the protocol). */
  | { readonly kind: "alive" }
  | { readonly kind: "closed"; readonly code: number; readonly reason: string }
  /** The server did not let the connection in; `code` is the API's error code if it sent one. */
  | { readonly kind: "refused"; readonly code: string; readonly reason: string }
  | { readonly kind: "tick" };

export type SessionAction =
  | { readonly kind: "connect" }
  | { readonly kind: "send"; readonly frame: Uint8Array }
  /** Drop the socket: nothing it still says counts. */
  | { readonly kind: "close"; readonly code: number; readonly reason: string }
  /** Each of them for the first time, in order. */
  | { readonly kind: "commands"; readonly commands: readonly RelayedAgentCommand[] }
  /** The session is open: declare what this agent hosts. */
  | { readonly kind: "connected"; readonly session: string; readonly isNew: boolean }
  | { readonly kind: "disconnected"; readonly reason: string; readonly retryInMs: Ms }
  /** The server has no such session any more: stop all executions and forget them. */
  | { readonly kind: "session-lost"; readonly reason: string }
  /** The lease is about to end: stop all executions within this time, and report them as abandoned. */
  | { readonly kind: "fence"; readonly silentMs: Ms; readonly withinMs: Ms }
  /** There is no such environment and there never was one: end. */
  | { readonly kind: "give-up"; readonly reason: string };

export interface SessionMachine {
  handle(event: SessionEvent, now: Ms): SessionAction[];
  /** Says something to the server; it travels with the next `flush` and is kept until acknowledged. Without a session it is dropped. */
  post(message: RelayedAgentMessage): void;
  flush(): SessionAction[];
  /** The server has acknowledged the end of every execution that it gave to this session and, if it is there, all else that was said. */
  isSettled(): boolean;
  /** Bytes that wait for their acknowledgement. */
  outboxBytes(): number;
  /** When a `tick` is due next. */
  nextDueAt(): Ms;
}

type Connection =
  | { readonly kind: "disconnected"; readonly retryAt: Ms }
  | { readonly kind: "connecting"; readonly deadline: Ms }
  | { readonly kind: "opened"; readonly deadline: Ms }
  | { readonly kind: "greeting"; readonly epoch: number; readonly helloAt: Ms; readonly deadline: Ms }
  | { readonly kind: "open"; readonly epoch: number; readonly helloAt: Ms; readonly since: Ms; readonly pingAt: Ms }
  | { readonly kind: "ended" };

interface Session {
  readonly id: string;
  readonly secret: string;
}

const notFoundCodes = new Set(["project_not_found", "environment_not_found", "environment_archived"]);
/** A frame is not what the protocol says, or is too large. */
const closedOverFrame = new Set<number>([closeCodes.broken, 1009]);

export function createSessionMachine(options: { identity: AgentIdentity; random: Random }): SessionMachine {
  const memory = createSessionMemory();
  const lease = createLease();
  let connection: Connection = { kind: "disconnected", retryAt: 0 };
  let session: Session | null = null;
  let wasEverWelcome = false;
  let failedAttempts = 0;
  let heardAt: Ms = 0;
  /** How often the server closed over a frame while this was the last that it had taken. */
  let refused = { after: 0, times: 0 };

  const control = (epoch: number, message: AgentControl): SessionAction => {
    const envelope: AgentEnvelope = { kind: "control", epoch, sequence: 0, acknowledged: 0 };
    return { kind: "send", frame: encodeAgentFrame(envelope, pack([encodeAgentControl(message)])) };
  };

  const sendData = (epoch: number, frame: { sequence: number; bytes: Uint8Array }): SessionAction => {
    writeAgentEnvelope(frame.bytes, { kind: "data", epoch, sequence: frame.sequence, acknowledged: 0 });
    return { kind: "send", frame: frame.bytes };
  };

  const disconnect = (reason: string, now: Ms, delayMs?: Ms): SessionAction[] => {
    if (connection.kind === "open" && now - connection.since >= RECONNECT_STABLE_MS) failedAttempts = 0;
    failedAttempts += 1;
    const jittered = jitteredDelayMs(RECONNECT_FIRST_MS, lease.reconnectLimitMs(), failedAttempts, options.random);
    const retryInMs = delayMs ?? jittered;
    connection = { kind: "disconnected", retryAt: now + retryInMs };
    return [{ kind: "disconnected", reason, retryInMs }];
  };

  const drop = (code: number, reason: string, now: Ms, delayMs?: Ms): SessionAction[] => [
    { kind: "close", code, reason },
    ...disconnect(reason, now, delayMs),
  ];

  /** The environment is not there. Whoever has never been let in has a wrong name; otherwise it may come back. */
  const notFound = (reason: string, now: Ms): SessionAction[] => {
    if (wasEverWelcome) return drop(1000, reason, now, RECONNECT_SLOW_MS);
    connection = { kind: "ended" };
    return [
      { kind: "close", code: 1000, reason },
      { kind: "give-up", reason },
    ];
  };

  const hello = (epoch: number, now: Ms): SessionAction[] => {
    connection = { kind: "greeting", epoch, helloAt: now, deadline: now + CHALLENGE_DEADLINE_MS };
    lease.forgetPings();
    const message: AgentControl = {
      kind: "hello",
      protocol: PROTOCOL_VERSION,
      session: session?.id ?? null,
      secret: session?.secret ?? null,
      acknowledged: memory.lastAcknowledged(),
      known: memory.known(),
      agent: options.identity,
    };
    return [control(epoch, message)];
  };

  const forgetSession = (reason: string): SessionAction[] => {
    session = null;
    lease.drop();
    memory.reset();
    return [{ kind: "session-lost", reason }];
  };

  /** A second welcome, after two challenges in a row, counts as much as the first: the server forgot what came between them. */
  const welcome = (message: Extract<AgentControlReply, { kind: "welcome" }>, now: Ms): SessionAction[] => {
    if (connection.kind !== "greeting" && connection.kind !== "open") return [];
    const { epoch, helloAt } = connection;
    if (session?.id === message.session && message.lastSequence < memory.lastAcknowledged()) {
      return [...forgetSession("the server lost a part of its history"), ...hello(epoch, now)];
    }
    const isNew = session?.id !== message.session;
    const lost = isNew && session !== null ? forgetSession("the server opened another session") : [];
    session = { id: message.session, secret: message.secret ?? session?.secret ?? "" };
    lease.grant(message.leaseMs, helloAt);
    connection = { kind: "open", epoch, helloAt, since: now, pingAt: now + lease.pingIntervalMs() };
    wasEverWelcome = true;
    const resent = memory.resume(message.lastSequence).map((frame) => sendData(epoch, frame));
    return [...lost, ...resent, { kind: "connected", session: message.session, isNew }];
  };

  const rejected = (message: Extract<AgentControlReply, { kind: "reject" }>, now: Ms): SessionAction[] => {
    if (connection.kind !== "greeting" && connection.kind !== "open") return [];
    if (message.code === "session_unknown" && session !== null) {
      return [...forgetSession(message.message), ...hello(connection.epoch, now)];
    }
    if (notFoundCodes.has(message.code)) return notFound(message.message, now);
    return drop(1000, message.message, now, slowIf(message.code === "protocol_mismatch"));
  };

  const challenged = (epoch: number, now: Ms): SessionAction[] => {
    const current = connection.kind === "open" || connection.kind === "greeting" ? connection.epoch : 0;
    return epoch < current ? [] : hello(epoch, now); // A word of an orchestrator that was replaced meanwhile.
  };

  const onControl = (message: AgentControlReply, now: Ms): SessionAction[] => {
    switch (message.kind) {
      case "challenge":
        return challenged(message.epoch, now);
      case "welcome":
        return welcome(message, now);
      case "reject":
        return rejected(message, now);
      case "pong":
        lease.pong(message.sequence);
        return [];
      default:
        return exhaustive(message);
    }
  };

  const onFrame = (bytes: Uint8Array, now: Ms): SessionAction[] => {
    const envelope = readAgentEnvelope(bytes);
    if (envelope === undefined) throw new Error("it has no envelope");
    heardAt = now;
    if (envelope.kind === "control") {
      return unpackList(agentFrameBody(bytes)).flatMap((item) => onControl(decodeAgentControlReply(item), now));
    }
    if (connection.kind !== "open" || envelope.epoch !== connection.epoch) return [];
    memory.acknowledge(envelope.acknowledged);
    if (envelope.kind === "acknowledgement") return [];
    const commands = unpackList(agentFrameBody(bytes)).map(decodeRelayedAgentCommand).filter(memory.isNews);
    return commands.length === 0 ? [] : [{ kind: "commands", commands }];
  };

  /** The frame is sent again after each welcome. When that does not help, the session ends with it: its executions are abandoned, and retried. */
  const onRefusedFrame = (reason: string): SessionAction[] => {
    const after = memory.lastAcknowledged();
    refused = { after, times: refused.after === after ? refused.times + 1 : 1 };
    if (refused.times < REFUSED_FRAME_ATTEMPTS || session === null) return [];
    refused = { after: 0, times: 0 };
    return forgetSession(`it could not take what this agent sent: ${reason}`);
  };

  const onClosed = (code: number, reason: string, now: Ms): SessionAction[] => {
    const text = describeClose(code, reason);
    if (code === closeCodes.environmentGone) return notFound(text, now);
    if (closedOverFrame.has(code)) return [...onRefusedFrame(text), ...disconnect(text, now)];
    return disconnect(text, now, askedDelayMs(code, reason) ?? slowIf(code === closeCodes.protocolMismatch));
  };

  /** A connection without a sign of the orchestrator for so long may be one that it does not know any more: a new one will tell. */
  const fence = (now: Ms): SessionAction[] => {
    const dropped = connection.kind === "disconnected" ? [] : drop(1000, "the server did not answer for too long", now);
    return [{ kind: "fence", ...lease.fence(now) }, ...dropped];
  };

  const ping = (now: Ms): SessionAction[] => {
    if (connection.kind !== "open" || now < connection.pingAt) return [];
    connection = { ...connection, pingAt: now + lease.pingIntervalMs() };
    return [control(connection.epoch, { kind: "ping", sequence: lease.ping(now) })];
  };

  const onTick = (now: Ms): SessionAction[] => {
    const fenced = now >= lease.fenceAt() ? fence(now) : [];
    return [...fenced, ...ping(now), ...onDeadline(now)];
  };

  const onDeadline = (now: Ms): SessionAction[] => {
    switch (connection.kind) {
      case "disconnected":
        if (now < connection.retryAt) return [];
        connection = { kind: "connecting", deadline: now + CONNECT_DEADLINE_MS };
        return [{ kind: "connect" }];
      case "connecting":
      case "opened":
      case "greeting":
        return now < connection.deadline ? [] : drop(1000, "the server did not answer in time", now);
      case "open":
        return now < heardAt + PING_DEAD_MS ? [] : drop(1000, "the server fell silent", now);
      case "ended":
        return [];
      default:
        return exhaustive(connection);
    }
  };

  const handle = (event: SessionEvent, now: Ms): SessionAction[] => {
    const isListening = connection.kind !== "disconnected" && connection.kind !== "ended";
    if (event.kind === "tick") return onTick(now);
    if (!isListening) return []; // A last word of a socket that was dropped.
    switch (event.kind) {
      case "opened":
        heardAt = now;
        connection = { kind: "opened", deadline: now + CHALLENGE_DEADLINE_MS };
        return [];
      case "alive":
        heardAt = now;
        return [];
      case "frame":
        try {
          return onFrame(event.bytes, now);
        } catch (error) {
          return drop(1002, `the server sent a broken frame: ${errorText(error)}`, now);
        }
      case "closed":
        return onClosed(event.code, event.reason, now);
      case "refused":
        if (notFoundCodes.has(event.code)) return notFound(event.reason, now);
        return disconnect(event.reason, now, slowIf(event.code === "protocol_mismatch"));
      default:
        return exhaustive(event);
    }
  };

  return {
    handle,
    post(message) {
      if (session !== null) memory.post(message);
    },
    flush() {
      const sealed = memory.seal();
      const current = connection;
      return current.kind === "open" ? sealed.map((frame) => sendData(current.epoch, frame)) : [];
    },
    isSettled: () => memory.hasEndedAll() && (connection.kind !== "open" || memory.isEmpty()),
    outboxBytes: () => memory.bytes(),
    nextDueAt: () => Math.min(lease.fenceAt(), connectionDueAt(connection, heardAt)),
  };
}

/** How long to stay away when somebody has to act first. */
function slowIf(isSlow: boolean): Ms | undefined {
  return isSlow ? RECONNECT_SLOW_MS : undefined;
}

function connectionDueAt(connection: Connection, heardAt: Ms): Ms {
  switch (connection.kind) {
    case "disconnected":
      return connection.retryAt;
    case "connecting":
    case "opened":
    case "greeting":
      return connection.deadline;
    case "open":
      return Math.min(connection.pingAt, heardAt + PING_DEAD_MS);
    case "ended":
      return Infinity;
    default:
      return exhaustive(connection);
  }
}
