import type { Duplex } from "node:stream";
import type { Clock, Timers } from "../base/clock.ts";
import { exhaustive } from "../base/exhaustive.ts";
import { errorStack } from "../base/error-text.ts";
import type { FatalCode } from "../protocol/supervisor-messages.ts";
import type { RunResultView } from "../protocol/views.ts";
import type { AgentConnections } from "./agent-connections.ts";
import type { AgentPort } from "./agent-line.ts";
import type { Effect } from "./effect.ts";
import { type LinkMessage, openGatewayLink } from "./gateway-link.ts";
import type { Inbox } from "./inbox.ts";
import type { Reader } from "./reader.ts";
import { createRequests } from "./requests.ts";
import { createResultWaiters } from "./result-waiters.ts";
import { createTopics } from "./topics.ts";

export interface GatewayServiceParts {
  readonly epoch: number;
  readonly inbox: Inbox;
  readonly agents: AgentConnections;
  readonly reader: Reader;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly readResult: (run: string) => RunResultView | undefined;
  /** The gateway has said hello. */
  readonly onOpen: () => void;
  /** Whatever was asked over this link, nobody waits for any more. */
  readonly onLost: (reason: string) => void;
  /** Somebody asked for something, came or left. */
  readonly onUse: () => void;
  readonly fatal: (code: FatalCode, message: string) => never;
}

/** What is done for one gateway, for as long as its link lasts: its agents, and its clients, some of them subscribers. */
export interface GatewayService {
  readonly agentPort: AgentPort;
  /** Effects of a committed batch that clients wait for, or subscribers. */
  changed(effects: readonly Effect[]): void;
  /** Clients that wait for results, and subscriptions. */
  clients(): number;
  /** From now on nothing of what arrives is looked at. */
  stop(): void;
  /** Says that this process stops. Resolves when the gateway has heard all that was said to it, and has closed the link. */
  sayGoodbye(): Promise<void>;
  close(): void;
}

export function serveGateway(stream: Duplex, parts: GatewayServiceParts): GatewayService {
  const { epoch, inbox, agents, reader, clock, timers, readResult, onOpen, onLost, onUse, fatal } = parts;
  let isStopped = false;
  let hasGone = (): void => undefined;
  const gone = new Promise<void>((resolve) => (hasGone = resolve));

  const link = openGatewayLink(stream, epoch, {
    onOpen,
    onMessage(message, bytes, handled) {
      if (isStopped) return;
      takeOrDie(message);
      inbox.mark(message.kind === "agent-frame" ? bytes : 0, handled);
      onUse();
    },
    onCredit: () => topics.creditIsBack(),
    onClose(reason) {
      requests.forgetAll();
      topics.unsubscribeAll();
      onLost(reason);
      hasGone();
    },
  });
  const waiters = createResultWaiters(timers);
  const requests = createRequests({ inbox, reader, waiters, port: link, readResult });
  const topics = createTopics({ reader, port: link, clock, timers });

  const take = (message: LinkMessage): void => {
    switch (message.kind) {
      case "request":
        return requests.take(message.id, message.name, message.params);
      case "forget":
        return requests.forget(message.id);
      case "agent-open":
        return agents.opened(message.connection);
      case "agent-frame":
        return agents.received(message.connection, message.frame);
      case "agent-close":
        return agents.lost(message.connection);
      case "subscribe":
        return topics.subscribe(message.subscription, message.topic);
      case "unsubscribe":
        return topics.unsubscribe(message.subscription);
      default:
        return exhaustive(message);
    }
  };

  /** What was sent is of the protocol, so what goes wrong with it is a bug of this process, and not a reason to end the link. */
  const takeOrDie = (message: LinkMessage): void => {
    try {
      take(message);
    } catch (error) {
      fatal("bug", errorStack(error));
    }
  };

  return {
    agentPort: link,
    changed(effects) {
      for (const effect of effects) if (effect.kind === "run-final") waiters.final(effect.run);
      topics.changed(effects);
    },
    clients: () => waiters.count() + topics.count(),
    stop() {
      isStopped = true;
    },
    sayGoodbye() {
      link.sayGoodbye();
      return gone;
    },
    close: () => link.close(),
  };
}
