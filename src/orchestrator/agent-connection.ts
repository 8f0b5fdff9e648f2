import type { AgentControl, AgentControlReply, AgentMessage } from "../protocol/agent-messages.ts";
import { closeCodes } from "../protocol/close-codes.ts";
import type { Failure } from "../protocol/error-codes.ts";
import { PROTOCOL_VERSION } from "../protocol/version.ts";
import type { Ms } from "../base/clock.ts";
import { exhaustive } from "../base/exhaustive.ts";
import type { OpenSession, ResumeSession } from "./command.ts";
import { HELLO_TIMEOUT_MS } from "./limits.ts";

// The server's side of one agent's connection (docs/protocol.md, section 1), as a pure machine: an event and a state in, a state and
// actions out. Time, sockets and the engine are its owner's affair (agent-connections.ts).
//
//   challenged  the agent was told the epoch and has HELLO_TIMEOUT_MS to say hello; its data is not looked at
//   greeting    hello has arrived, and the engine opens or resumes the session; data is still not looked at
//   open        frames are taken in the order of their numbers
//   closed      told to close, or gone; nothing that still arrives counts

export type ConnectionState =
  | { readonly kind: "challenged"; readonly since: Ms }
  | { readonly kind: "greeting" }
  /** `received` is the number of the last frame that was handed to the engine, committed or about to be. */
  | { readonly kind: "open"; readonly received: number }
  | { readonly kind: "closed" };

export type ConnectionEvent =
  /** A new connection, or a known one of a gateway that has come back. */
  | { readonly kind: "opened" }
  | { readonly kind: "control"; readonly message: AgentControl }
  | { readonly kind: "data"; readonly sequence: number; readonly messages: readonly AgentMessage[] }
  /** The frame is not what the protocol says. */
  | { readonly kind: "broken"; readonly reason: string }
  /** What the engine did with the hello, committed. `secret` is null for a resumed session. */
  | {
      readonly kind: "greeted";
      readonly session: string;
      readonly secret: string | null;
      readonly lastSequence: number;
      readonly leaseMs: Ms;
    }
  | { readonly kind: "refused"; readonly failure: Failure }
  /** The time for hello is over. */
  | { readonly kind: "hello-overdue" };

export type ConnectionAction =
  /** To the agent, unnumbered. */
  | { readonly kind: "reply"; readonly reply: AgentControlReply }
  /** The first word, and again after a gap: the agent says hello. */
  | { readonly kind: "challenge" }
  /** To the engine; its verdict comes back as `greeted` or `refused`. */
  | { readonly kind: "greet"; readonly command: OpenSession | ResumeSession }
  /** From now on this connection, and no other, speaks for the session; everything up to `acknowledged` is committed. */
  | { readonly kind: "bind"; readonly session: string; readonly acknowledged: number }
  /** To the engine, in this order; once all are committed, so is frame `sequence`. */
  | { readonly kind: "apply"; readonly sequence: number; readonly messages: readonly AgentMessage[] }
  /** Say again what is committed: the agent has missed it. */
  | { readonly kind: "acknowledge" }
  | { readonly kind: "close"; readonly code: number; readonly reason: string };

export interface ConnectionStep {
  readonly state: ConnectionState;
  readonly actions: readonly ConnectionAction[];
}

const closed: ConnectionState = { kind: "closed" };

/** `now` is monotonic. */
export function stepConnection(state: ConnectionState, event: ConnectionEvent, now: Ms): ConnectionStep {
  if (state.kind === "closed") return { state, actions: [] };
  switch (event.kind) {
    case "opened":
      return challenge(now);
    case "control":
      return takeControl(state, event.message);
    case "data":
      return takeData(state, event, now);
    case "broken":
      return closeWith(closeCodes.broken, event.reason);
    case "greeted":
      return state.kind === "greeting" ? welcome(event) : { state, actions: [] };
    case "refused":
      return state.kind === "greeting" ? refuse(event.failure, now) : { state, actions: [] };
    case "hello-overdue":
      return state.kind === "challenged" && now - state.since >= HELLO_TIMEOUT_MS
        ? closeWith(closeCodes.helloOverdue, `no hello within ${HELLO_TIMEOUT_MS} ms of the challenge`)
        : { state, actions: [] };
    default:
      return exhaustive(event);
  }
}

function challenge(now: Ms): ConnectionStep {
  return { state: { kind: "challenged", since: now }, actions: [{ kind: "challenge" }] };
}

function takeControl(state: ConnectionState, message: AgentControl): ConnectionStep {
  if (message.kind === "ping") {
    return { state, actions: [{ kind: "reply", reply: { kind: "pong", sequence: message.sequence } }] };
  }
  if (message.protocol !== PROTOCOL_VERSION) return mismatch(message.protocol);
  // The latest hello counts, also from a connection that is already open: the agent was challenged again.
  const { session, secret, acknowledged, known, agent } = message;
  const command: OpenSession | ResumeSession =
    session === null
      ? { kind: "open-session", agent }
      : { kind: "resume-session", session, secret: secret ?? "", acknowledged, known };
  return { state: { kind: "greeting" }, actions: [{ kind: "greet", command }] };
}

function takeData(
  state: ConnectionState,
  { sequence, messages }: Extract<ConnectionEvent, { kind: "data" }>,
  now: Ms,
): ConnectionStep {
  if (state.kind !== "open") return { state, actions: [] }; // It is sent again after the welcome.
  if (sequence <= state.received) return { state, actions: [{ kind: "acknowledge" }] }; // A resend: the first acknowledgement was lost.
  if (sequence > state.received + 1) return challenge(now);
  return { state: { kind: "open", received: sequence }, actions: [{ kind: "apply", sequence, messages }] };
}

function welcome(event: Extract<ConnectionEvent, { kind: "greeted" }>): ConnectionStep {
  const { session, secret, lastSequence, leaseMs } = event;
  return {
    state: { kind: "open", received: lastSequence },
    actions: [
      { kind: "bind", session, acknowledged: lastSequence },
      { kind: "reply", reply: { kind: "welcome", session, secret, lastSequence, leaseMs } },
    ],
  };
}

/** The agent says hello again: at once and without a session if that is unknown, otherwise after a while. */
function refuse({ code, message }: Failure, now: Ms): ConnectionStep {
  return {
    state: { kind: "challenged", since: now },
    actions: [{ kind: "reply", reply: { kind: "reject", code, message } }],
  };
}

function mismatch(protocol: number): ConnectionStep {
  const message = `the agent speaks protocol ${protocol}, this server ${PROTOCOL_VERSION}: run the same version of both`;
  return {
    state: closed,
    actions: [
      { kind: "reply", reply: { kind: "reject", code: "protocol_mismatch", message } },
      { kind: "close", code: closeCodes.protocolMismatch, reason: "protocol mismatch" },
    ],
  };
}

function closeWith(code: number, reason: string): ConnectionStep {
  return { state: closed, actions: [{ kind: "close", code, reason }] };
}
