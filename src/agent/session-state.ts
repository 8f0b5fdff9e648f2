import type { Ms } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import type { AgentControlReply } from "../protocol/agent-messages.ts";
import type { RelayedAgentCommand } from "../protocol/executor-messages.ts";
import { type Lease, noLease } from "./lease.ts";

// What the session machine (session-machine.ts) takes, gives and stands in.

export type SessionEvent =
  | { readonly kind: "opened" }
  | { readonly kind: "control"; readonly message: AgentControlReply }
  | {
      readonly kind: "data";
      readonly epoch: number;
      readonly acknowledged: number;
      readonly commands: readonly RelayedAgentCommand[];
    }
  /** The frame is not what the protocol says. */
  | { readonly kind: "broken"; readonly reason: string }
  /** The socket gave another sign of life (a ping or pong below the protocol). */
  | { readonly kind: "alive" }
  | { readonly kind: "closed"; readonly code: number; readonly reason: string }
  /** The server did not let the connection in; `code` is the API's error code if it sent one. */
  | { readonly kind: "refused"; readonly code: string; readonly reason: string }
  | { readonly kind: "tick" };

export type SessionAction =
  | { readonly kind: "connect" }
  /** Says who this is; the session is null when there is none to resume. */
  | { readonly kind: "hello"; readonly epoch: number; readonly session: Session | null }
  | { readonly kind: "ping"; readonly epoch: number; readonly sequence: number }
  /** The server has committed the frames up to this number. */
  | { readonly kind: "acknowledged"; readonly sequence: number }
  /** Send again what the server does not have. */
  | { readonly kind: "resume"; readonly epoch: number; readonly lastSequence: number }
  /** Drop the socket: nothing it still says counts. */
  | { readonly kind: "close"; readonly code: number; readonly reason: string }
  | { readonly kind: "commands"; readonly commands: readonly RelayedAgentCommand[] }
  /** The session is open: declare what this agent hosts. */
  | { readonly kind: "connected"; readonly session: string; readonly isNew: boolean }
  | { readonly kind: "disconnected"; readonly reason: string; readonly retryInMs: Ms }
  /** The server has no such session any more: stop all executions and forget them. */
  | { readonly kind: "session-lost"; readonly reason: string }
  /** The lease is about to end: stop all executions within this time, and report them as abandoned. */
  | { readonly kind: "fence"; readonly silentMs: Ms; readonly withinMs: Ms }
  /** There is no such environment and there never was one: end. */
  | { readonly kind: "give-up"; readonly code: string; readonly reason: string };

export type Connection =
  | { readonly kind: "disconnected"; readonly retryAt: Ms }
  | { readonly kind: "connecting"; readonly deadline: Ms }
  | { readonly kind: "opened"; readonly deadline: Ms }
  | { readonly kind: "greeting"; readonly epoch: number; readonly helloAt: Ms; readonly deadline: Ms }
  | { readonly kind: "open"; readonly epoch: number; readonly helloAt: Ms; readonly since: Ms; readonly pingAt: Ms }
  | { readonly kind: "ended" };

interface Session {
  readonly id: string;
  readonly secret: string;
  /** The last frame that the server has said to have committed. */
  readonly acknowledged: number;
}

export interface SessionState {
  readonly connection: Connection;
  readonly session: Session | null;
  readonly lease: Lease;
  readonly wasEverWelcome: boolean;
  readonly failedAttempts: number;
  readonly heardAt: Ms;
  /** How often in a row the server closed over a frame; `after` is the sequence that it had acknowledged last. */
  readonly refused: { readonly after: number; readonly times: number };
}

export interface SessionStep {
  readonly state: SessionState;
  readonly actions: readonly SessionAction[];
}

/** When it is, on the monotonic clock, and the chance for delays. */
export interface Moment {
  readonly now: Ms;
  readonly random: Random;
}

/** A tick makes it connect. */
export const beforeSession: SessionState = {
  connection: { kind: "disconnected", retryAt: 0 },
  session: null,
  lease: noLease,
  wasEverWelcome: false,
  failedAttempts: 0,
  heardAt: 0,
  refused: { after: 0, times: 0 },
};
