import type { Duplex } from "node:stream";
import type { Clock, Ms, Timers } from "../base/clock.ts";
import type { Log } from "../process/log.ts";
import { within } from "../process/scope.ts";
import type { ChildMessage, FatalCode } from "../protocol/supervisor-messages.ts";
import { createActivityReport } from "./activity-report.ts";
import { createAgentConnections } from "./agent-connections.ts";
import type { AgentPort } from "./agent-line.ts";
import { createCheckpoints } from "./checkpoints.ts";
import type { Effect } from "./effect.ts";
import type { Engine } from "./engine.ts";
import { type GatewayService, serveGateway } from "./gateway-service.ts";
import { createInbox } from "./inbox.ts";
import { GOODBYE_WAIT_MS } from "./limits.ts";
import type { Reader } from "./reader.ts";
import type { Database } from "./store/database.ts";
import { runResult } from "./views/run-result.ts";
import { createWakeUp } from "./wake-up.ts";

export interface OrchestratorParts {
  readonly database: Database;
  readonly epoch: number;
  readonly engine: Engine;
  readonly reader: Reader;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** Runs something once all that has arrived is read: setImmediate. */
  readonly endOfTurn: (run: () => void) => void;
  /** Size of the write-ahead log, found without opening it. */
  readonly walBytes: () => number;
  /** 0: never idle. */
  readonly idleTimeoutMs: Ms;
  /** How long a session lives after its agent's last sign of life, as its agent counts. */
  readonly leaseMs: Ms;
  /** The environment was archived: what is under way in it ends, unless that has been done. */
  readonly isArchived: boolean;
  /** To the supervisor. */
  readonly send: (message: Extract<ChildMessage, { readonly kind: "activity" | "progress" }>) => void;
  readonly fatal: (code: FatalCode, message: string) => never;
}

export interface Orchestrator {
  /** Resolves when it may be served from: at once, but for an archived environment only when nothing is under way in it any more. */
  readonly settled: Promise<void>;
  /** A gateway has connected. There is one at a time: the newest that has said hello. */
  accept(stream: Duplex): void;
  /** Takes nothing more, commits and answers what has arrived, and stops. */
  drain(): Promise<void>;
}

/** Puts the parts of a running orchestrator together: the inbox before the engine, agents and the gateway around both. */
export function createOrchestrator(parts: OrchestratorParts): Orchestrator {
  const { database, engine, reader, timers, log, endOfTurn } = parts;
  const gateways = new Set<GatewayService>();
  let gateway: GatewayService | null = null;
  let isDraining = false;
  let isTidyAhead = false;

  const release = (effects: readonly Effect[]): void => {
    for (const effect of effects) {
      if (effect.kind === "agent-command") agents.command(effect.session, effect.command);
      else if (effect.kind === "close-session") agents.closeSession(effect.session, effect.code, effect.reason);
    }
    agents.flush();
    gateway?.changed(effects);
    if (!isTidyAhead) endOfTurn(tidy);
    isTidyAhead = true;
  };

  /** What nobody waits for: a turn later, when the words are on their way. */
  const tidy = (): void => {
    isTidyAhead = false;
    if (isDraining) return;
    wakeUp.update();
    checkpoints.touch();
    activity.touch();
  };

  const inbox = createInbox({ ...parts, release });
  const agentPort: AgentPort = {
    sendFrame: (connection, envelope, body) => gateway?.agentPort.sendFrame(connection, envelope, body),
    closeConnection: (connection, code, reason) => gateway?.agentPort.closeConnection(connection, code, reason),
  };
  const agents = createAgentConnections({ ...parts, port: agentPort, inbox });
  const wakeUp = createWakeUp({
    ...parts,
    nextDueAt: () => engine.nextDueAt(),
    onDue: () => inbox.add({ kind: "expire-due" }, () => undefined),
  });
  const checkpoints = createCheckpoints(parts);
  const occupation = () => ({ ...engine.activity(), clients: gateway?.clients() ?? 0 });
  const activity = createActivityReport({ ...parts, occupation });

  // All leases begin afresh: it was not their agents that were silent. No gateway comes before the end of this turn.
  inbox.add({ kind: "recover" }, (verdict) => {
    if (verdict.ok) agents.expect(verdict.value.sessions);
  });

  const endAll = (isOver: () => void): void =>
    inbox.add({ kind: "archive" }, (verdict) => {
      if (!verdict.ok || verdict.value.isDone) return isOver();
      parts.send({ kind: "progress", phase: "ending what was under way", percent: null });
      endAll(isOver);
    });

  return {
    settled: parts.isArchived ? new Promise(endAll) : Promise.resolve(),
    accept(stream) {
      const service = serveGateway(stream, {
        ...parts,
        inbox,
        agents,
        readResult: (run) => runResult(database, run),
        onUse: () => activity.touch(),
        onOpen() {
          gateway?.close();
          gateway = service;
          if (isDraining) service.stop();
          log.info({}, "the gateway has connected");
        },
        onLost(reason) {
          gateways.delete(service);
          if (gateway !== service) return;
          gateway = null;
          agents.allLost();
          log.info({ reason }, "the link to the gateway is lost");
        },
      });
      gateways.add(service);
    },
    async drain() {
      isDraining = true;
      for (const service of gateways) service.stop();
      inbox.drain();
      // After the answers, so that the gateway knows what was not taken.
      const gone = Promise.all([...gateways].map((service) => service.sayGoodbye()));
      for (const part of [agents, wakeUp, checkpoints, activity]) part.stop();
      await reader.close();
      await within(gone, GOODBYE_WAIT_MS, timers);
      for (const service of gateways) service.close();
    },
  };
}
