import type { AgentCommand, AgentMessage } from "../protocol/agent-messages.ts";
import type { Cancel, Clock, Ms, Timers } from "../base/clock.ts";
import { LEASE_GRACE_MS } from "../protocol/limits.ts";
import type { Log } from "../process/log.ts";
import { closeCodes } from "../protocol/close-codes.ts";
import { exhaustive } from "../base/exhaustive.ts";
import { readAgentEnvelope } from "../protocol/agent-frame.ts";
import {
  type ConnectionAction,
  type ConnectionEvent,
  type ConnectionState,
  stepConnection,
} from "./agent-connection.ts";
import { eventsOf } from "./agent-frames.ts";
import { type AgentLine, type AgentPort, createAgentLine } from "./agent-line.ts";
import { commandOf } from "./agent-message-command.ts";
import type { CommandOf, OpenSession, ResumeSession } from "./command.ts";
import type { Inbox } from "./inbox.ts";
import { createLeaseWatch } from "./lease-watch.ts";
import { HELLO_TIMEOUT_MS } from "./limits.ts";
import type { Verdict } from "./verdict.ts";
import { createSessionSpeakers } from "./session-speakers.ts";

// All agents of the environment: what arrives goes through the machine of its connection (agent-connection.ts) to the engine, and what the
// engine has for an agent leaves on its line (agent-line.ts) at the end of the batch.

export interface AgentConnections {
  /** The sessions that may still resume, after a start: their leases begin. */
  expect(sessions: readonly string[]): void;
  /** A new connection, or a known one of a gateway that has come back. */
  opened(connection: number): void;
  received(connection: number, frame: Buffer): void;
  lost(connection: number): void;
  allLost(): void;
  /** The following two are effects of a committed batch; they leave with `flush`. */
  command(session: string, command: AgentCommand): void;
  closeSession(session: string, code: number, reason: string): void;
  /** To each agent that the batch concerns: its commands, and what is committed of its own. */
  flush(): void;
  stop(): void;
}

export interface AgentConnectionsParts {
  readonly epoch: number;
  /** How long a session lives after its agent's last sign of life, as its agent counts. */
  readonly leaseMs: Ms;
  readonly port: AgentPort;
  readonly inbox: Inbox;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
}

interface Connection {
  readonly number: number;
  readonly line: AgentLine;
  state: ConnectionState;
  cancelHelloTimer: Cancel;
}

const ignore = (): void => undefined;

export function createAgentConnections(parts: AgentConnectionsParts): AgentConnections {
  const { epoch, leaseMs, port, inbox, clock, timers, log } = parts;
  const connections = new Map<number, Connection>();
  const speakers = createSessionSpeakers<Connection>();
  const unflushed = new Set<Connection>();
  const leases = createLeaseWatch({ clock, timers, leaseMs: leaseMs + LEASE_GRACE_MS }, (session) => {
    log.warn({ session }, "the agent was silent for a whole lease: its session ends");
    inbox.add({ kind: "expire-session", session }, () => {
      const connection = speakers.end(session);
      if (connection !== undefined) feed(connection, { kind: "opened" }); // It may yet say hello, and learn that the session is over.
    });
  });

  const disconnect = (session: string): void => inbox.add({ kind: "disconnect-session", session }, ignore);

  const feed = (connection: Connection, event: ConnectionEvent): void => {
    const before = connection.state;
    const { state, actions } = stepConnection(before, event, clock.monotonic());
    connection.state = state;
    if (state.kind === "challenged" && state !== before) armHelloTimer(connection);
    for (const action of actions) perform(connection, action);
  };

  const armHelloTimer = (connection: Connection): void => {
    connection.cancelHelloTimer();
    connection.cancelHelloTimer = timers.after(HELLO_TIMEOUT_MS, () => feed(connection, { kind: "hello-overdue" }));
  };

  const perform = (connection: Connection, action: ConnectionAction): void => {
    switch (action.kind) {
      case "challenge":
        return connection.line.reply({ kind: "challenge", epoch });
      case "reply":
        return connection.line.reply(action.reply);
      case "acknowledge":
        return connection.line.acknowledge();
      case "greet":
        return greet(connection, action.command);
      case "bind":
        return bind(connection, action.session, action.acknowledged);
      case "apply":
        return apply(connection, action.sequence, action.messages);
      case "close":
        return close(connection, action.code, action.reason);
      default:
        return exhaustive(action);
    }
  };

  const greet = (connection: Connection, command: OpenSession | ResumeSession): void => {
    if (command.kind === "resume-session") speakers.greeting(command.session);
    inbox.add(command, (verdict) => {
      const event = greetingEvent(verdict, leaseMs);
      if (event.kind === "greeted") leases.renew(event.session);
      feed(connection, event); // The connection may be gone by now, or have said hello again: then nobody is bound.
      const session = event.kind === "greeted" ? event.session : sessionIn(command);
      if (session !== null && speakers.settled(session)) disconnect(session);
    });
  };

  const bind = (connection: Connection, session: string, acknowledged: number): void => {
    const left = speakers.sessionOf(connection);
    if (left !== undefined && left !== session) leave(connection);
    const before = speakers.bind(session, connection);
    connection.line.commit(acknowledged);
    if (before !== undefined) close(before, closeCodes.replaced, "a newer connection speaks for this session");
  };

  /** The messages of a frame, and after them its number: once that is committed, all of them are. */
  const apply = (connection: Connection, sequence: number, messages: readonly AgentMessage[]): void => {
    const session = speakers.sessionOf(connection);
    if (session === undefined) return; // It has just ended, and its connection is about to be closed.
    // Whoever waits for an answer gets it from the engine as a command of its own.
    for (const message of messages) inbox.add(commandOf(session, message), ignore);
    inbox.add({ kind: "advance-session", session, sequence }, onAdvanced);
  };

  const onAdvanced = (verdict: Verdict<"advance-session">, command: CommandOf<"advance-session">): void => {
    const connection = speakers.connectionOf(command.session);
    if (!verdict.ok || connection === undefined) return;
    connection.line.commit(command.sequence);
    unflushed.add(connection);
  };

  const queue = (session: string, command: AgentCommand): void => {
    const connection = speakers.connectionOf(session);
    if (connection === undefined) return; // The next hello brings what is due, from the database.
    connection.line.queue(command);
    unflushed.add(connection);
  };

  const close = (connection: Connection, code: number, reason: string): void => {
    log.warn({ connection: connection.number, code }, `closing the connection of an agent: ${reason}`);
    port.closeConnection(connection.number, code, reason);
    forget(connection);
  };

  const forget = (connection: Connection): void => {
    connection.state = { kind: "closed" };
    connection.cancelHelloTimer();
    connections.delete(connection.number);
    unflushed.delete(connection);
    leave(connection);
  };

  const leave = (connection: Connection): void => {
    const session = speakers.release(connection);
    if (session !== undefined) disconnect(session);
  };

  return {
    expect(sessions) {
      for (const session of sessions) leases.renew(session);
    },
    opened(number) {
      const known = connections.get(number);
      const connection = known ?? newConnection(number, createAgentLine(number, epoch, port));
      connections.set(number, connection);
      feed(connection, { kind: "opened" });
    },
    received(number, frame) {
      const connection = connections.get(number);
      if (connection === undefined) return; // It was closed from here, and the gateway does not know yet.
      const envelope = readAgentEnvelope(frame);
      if (envelope === undefined) return feed(connection, { kind: "broken", reason: "a frame without an envelope" });
      if (envelope.epoch !== epoch) return; // Meant for an orchestrator that has ended.
      const session = speakers.sessionOf(connection);
      if (session !== undefined) leases.renew(session);
      for (const event of eventsOf(envelope, frame)) feed(connection, event);
    },
    lost(number) {
      const connection = connections.get(number);
      if (connection !== undefined) forget(connection);
    },
    allLost() {
      for (const connection of connections.values()) forget(connection);
    },
    command: queue,
    closeSession(session, code, reason) {
      leases.drop(session);
      const connection = speakers.end(session);
      if (connection === undefined) return;
      connection.line.flush(); // What the same batch had for it comes first.
      close(connection, code, reason);
    },
    flush() {
      for (const { line } of unflushed) line.flush();
      unflushed.clear();
    },
    stop: () => leases.stop(),
  };
}

function newConnection(number: number, line: AgentLine): Connection {
  return { number, line, state: { kind: "challenged", since: 0 }, cancelHelloTimer: ignore };
}

function greetingEvent(
  verdict: Verdict<"open-session" | "resume-session">,
  leaseMs: Ms,
): Extract<ConnectionEvent, { kind: "greeted" | "refused" }> {
  if (!verdict.ok) return { kind: "refused", failure: verdict.error };
  const { value } = verdict;
  const known = "secret" in value ? { ...value, lastSequence: 0 } : { ...value, secret: null };
  return { kind: "greeted", ...known, leaseMs };
}

function sessionIn(command: OpenSession | ResumeSession): string | null {
  return command.kind === "resume-session" ? command.session : null;
}
