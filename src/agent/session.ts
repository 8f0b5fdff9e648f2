import type { Cancel, Clock, Ms, Timers } from "../base/clock.ts";
import { exhaustive } from "../base/exhaustive.ts";
import type { Random } from "../base/random.ts";
import type { RelayedAgentCommand, RelayedAgentMessage } from "../protocol/executor-messages.ts";
import { createConnection } from "./connection.ts";
import { type AgentIdentity, type FramedAction, type SocketEvent, createFramedSession } from "./framed-session.ts";

export interface SessionParts {
  /** `ws://host:port/agent?…` */
  readonly url: string;
  readonly identity: AgentIdentity;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly endOfTurn: (run: () => void) => void;
  onCommand(command: RelayedAgentCommand): void;
  onConnected(session: string, isNew: boolean): void;
  onDisconnected(reason: string): void;
  /** The server has given up the session with all that ran in it. */
  onLost(reason: string): void;
  /** The server may be about to: everything must be stopped within this time. */
  onFence(silentMs: Ms, withinMs: Ms): void;
  /** There is no such environment. */
  onGiveUp(refusal: { readonly code: string; readonly reason: string }): void;
  /** At the end of a turn in which something was said or heard. */
  onTurn(): void;
}

/** A session with its socket and its clock. */
export interface Session {
  /** Connects, and from then on keeps connected. */
  open(): void;
  /** Says something to the server; everything of one turn travels together. */
  post(message: RelayedAgentMessage): void;
  outboxBytes(): number;
  /** The server knows the end of everything that it gave to this session. */
  isSettled(): boolean;
  close(): void;
}

export function createSession(parts: SessionParts): Session {
  const { clock, timers } = parts;
  const framed = createFramedSession(parts);
  const connection = createConnection({ url: parts.url, timers, onEvent: (event) => handle(event) });
  let wakeAt: Ms = Infinity;
  let cancelWake: Cancel = () => undefined;
  let isTurnEnding = false;
  let isClosed = false;

  const handle = (event: SocketEvent): void => {
    if (isClosed) return;
    for (const action of framed.handle(event, clock.monotonic())) perform(action);
    endTurn();
    wakeWhenDue();
  };

  const endTurn = (): void => {
    if (isTurnEnding) return;
    isTurnEnding = true;
    parts.endOfTurn(() => {
      isTurnEnding = false;
      if (isClosed) return;
      for (const action of framed.flush()) perform(action);
      parts.onTurn();
    });
  };

  const wakeWhenDue = (): void => {
    const dueAt = framed.nextDueAt();
    if (dueAt >= wakeAt || isClosed) return; // It looks again when it is woken.
    cancelWake();
    wakeAt = dueAt;
    cancelWake = timers.after(dueAt - clock.monotonic(), () => {
      wakeAt = Infinity;
      handle({ kind: "tick" });
    });
  };

  const perform = (action: FramedAction): void => {
    switch (action.kind) {
      case "connect":
        return connection.connect();
      case "send":
        return connection.send(action.frame);
      case "close":
        return connection.close(action.code, action.reason);
      case "commands":
        return action.commands.forEach((command) => parts.onCommand(command));
      case "connected":
        return parts.onConnected(action.session, action.isNew);
      case "disconnected":
        return parts.onDisconnected(action.reason);
      case "session-lost":
        return parts.onLost(action.reason);
      case "fence":
        return parts.onFence(action.silentMs, action.withinMs);
      case "give-up":
        return parts.onGiveUp(action);
      default:
        return exhaustive(action);
    }
  };

  return {
    open: () => handle({ kind: "tick" }),
    post(message) {
      framed.post(message);
      endTurn();
    },
    outboxBytes: () => framed.outboxBytes(),
    isSettled: () => framed.isSettled(),
    close() {
      isClosed = true;
      cancelWake();
      connection.close(1000, "the agent ends");
    },
  };
}
