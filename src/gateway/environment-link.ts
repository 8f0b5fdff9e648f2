import { type AgentRoster, createAgentRoster } from "./agents/agent-roster.ts";
import { type Reply, createCalls, demandOf, readJsonReply, readReply } from "./calls.ts";
import type { Clock, Timers } from "../base/clock.ts";
import { PARKING_TICK_MS } from "./limits.ts";
import type { Link } from "../process/link.ts";
import { type ParkingEffect, type ParkingEvent, createParking } from "./parking.ts";
import type { RequestName, RequestParams, RequestResults } from "../protocol/orchestrator-requests.ts";
import { type TopicHub, createTopicHub } from "./topics/topic-hub.ts";
import type { Duplex } from "node:stream";
import type { EnvironmentMessage } from "../process/child-entry.ts";
import type { SupervisorPort } from "./supervisor-port.ts";
import type { Failure } from "../protocol/error-codes.ts";
import type { Log } from "../process/log.ts";
import { type Result, failure, ok } from "../base/result.ts";
import { openOrchestratorLink } from "./orchestrator-link.ts";
import { parseJson } from "./numbered-json.ts";
import { environmentKey } from "../protocol/names.ts";
import { exhaustive } from "../base/exhaustive.ts";
import { linkTypes } from "../protocol/link-frame.ts";

// The way to one orchestrator: parking.ts decides, this file asks the supervisor, has the link opened, and passes what travels on it to those
// who wait for it: clients here, agents in the roster, subscribers in the hub.

export interface EnvironmentRef {
  readonly project: string;
  readonly environment: string;
}

export interface EnvironmentLink {
  /** Asks the orchestrator; starts it if need be. Resolves when it has answered or will not. */
  request<N extends RequestName>(name: N, params: RequestParams<N>): Promise<Result<RequestResults[N], Failure>>;
  /**
   * Asks for what people look at. The answer stays the JSON that the orchestrator has written: large ones only pass through. `signal`: nobody
   * waits for it any more.
   */
  requestJson<N extends ViewName>(
    name: N,
    params: RequestParams<N>,
    signal?: AbortSignal,
  ): Promise<Result<Buffer<ArrayBuffer>, Failure>>;
  readonly agents: AgentRoster;
  readonly topics: TopicHub;
  /** What the supervisor says about the orchestrator, whenever that changes. */
  onMessage(message: EnvironmentMessage): void;
  /** The environment is gone, or the gateway stops: everyone who waits hears why. */
  close(reason: Failure): void;
}

export type ViewName = Extract<RequestName, `get-${string}` | `list-${string}`>;

/** What the links of all environments are made of. */
export interface LinkParts {
  readonly supervisor: SupervisorPort;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly connect: (socketPath: string) => Duplex;
}

export function createEnvironmentLink(ref: EnvironmentRef, parts: LinkParts): EnvironmentLink {
  const { supervisor, clock, timers, log } = parts;
  const key = environmentKey(ref.project, ref.environment);
  const parking = createParking(key);
  const calls = createCalls();
  const onDemand = (): void => feed({ kind: "wanted", isWanted: agents.size() > 0 || topics.size() > 0 });
  const agents = createAgentRoster(onDemand);
  const topics = createTopicHub(onDemand);
  let link: Link | null = null; // Once open.
  let isTicking = false;
  let closedFor: Failure | null = null;

  const feed = (event: ParkingEvent): void => {
    if (closedFor !== null) return;
    for (const effect of parking.take(event, clock.monotonic())) perform(effect);
    if (isTicking || !parking.isWaiting()) return;
    isTicking = true;
    timers.after(PARKING_TICK_MS, () => {
      isTicking = false;
      feed({ kind: "tick" });
    });
  };

  const perform = (effect: ParkingEffect): void => {
    switch (effect.kind) {
      case "ask":
        return void ask();
      case "send": {
        const request = calls.request(effect.id, effect.waitedMs);
        return request === undefined ? undefined : link?.sendPacked(linkTypes.request, request);
      }
      case "forget":
        return link?.sendPacked(linkTypes.forget, [effect.id]);
      case "fail":
        return calls.settle(effect.id, failure(effect.failure));
      default:
        return exhaustive(effect);
    }
  };

  const ask = async (): Promise<void> => {
    const answer = await supervisor.request("ensure-environment", ref);
    if (closedFor !== null) return;
    if (answer.ok) return open(answer.value.socketPath);
    const { code, message } = answer.error;
    log.warn({ environment: key, code }, `the orchestrator is not to be had: ${message}`);
    feed({ kind: "refused", failure: answer.error });
  };

  const open = (socketPath: string): void =>
    openOrchestratorLink(parts.connect(socketPath), timers, { onOpen, onFrame, onRoom, onClose });

  const onOpen = (opened: Link, epoch: unknown): void => {
    link = opened;
    log.info({ environment: key, epoch }, "link open");
    agents.opened(link);
    topics.opened(link);
    release({ kind: "opened" });
  };

  const onRoom = (): void => {
    agents.hasRoom();
    release({ kind: "room" });
  };

  /** Throws on what no orchestrator of ours says: the link then ends. */
  const onFrame = (type: number, payload: Buffer): void => {
    switch (type) {
      case linkTypes.reply:
        return onReply(readReply(payload));
      case linkTypes.replyJson:
        return onReply(readJsonReply(payload));
      case linkTypes.agentFrame:
        return agents.onFrame(payload);
      case linkTypes.agentClose:
        return agents.onClose(payload);
      case linkTypes.topicEvent:
        return topics.onEvent(payload);
      case linkTypes.goodbye:
        return feed({ kind: "left" });
      default:
        throw new Error(`a frame of type ${type}, which orchestrators do not send`);
    }
  };

  const onReply = ({ id, result }: Reply): void => {
    if (parking.phase() !== "ready") return; // After its goodbye: the next orchestrator is asked.
    feed({ kind: "replied", id });
    calls.settle(id, result);
  };

  const onClose = (reason: string): void => {
    if (link !== null) {
      link = null;
      agents.lost();
      topics.lost();
    }
    log.info({ environment: key, reason }, "link closed");
    feed({ kind: "lost" });
  };

  /** Sends what is parked while there is credit. */
  const release = (event: ParkingEvent): void => {
    feed(event);
    while (parking.phase() === "ready" && link?.hasCredit() && parking.parkedCount() > 0) feed({ kind: "room" });
  };

  const exchange = (name: RequestName, params: RequestParams<RequestName>, signal?: AbortSignal) =>
    new Promise<Result<unknown, Failure>>((resolve) => {
      if (closedFor !== null) return resolve(failure(closedFor)); // It was found before, and asked only now.
      const onGone = (): void => {
        feed({ kind: "gone", id });
        calls.settle(id, failure({ code: "outcome_unknown", message: "the client has gone" }));
      };
      const id = calls.add(name, params, (result) => {
        signal?.removeEventListener("abort", onGone);
        resolve(result);
      });
      signal?.addEventListener("abort", onGone, { once: true });
      feed({ kind: "request", id, ...demandOf(name, params), hasCredit: link?.hasCredit() ?? false });
      if (signal?.aborted) onGone();
    });

  const request = async (name: RequestName, params: RequestParams<RequestName>): Promise<Result<unknown, Failure>> => {
    const result = await exchange(name, params);
    return result.ok && Buffer.isBuffer(result.value) ? ok(parseJson(result.value)) : result;
  };

  return {
    // The reply to a request is what the catalogue says for its name: the orchestrator is of our own version.
    request: request as EnvironmentLink["request"],
    requestJson: exchange as EnvironmentLink["requestJson"],
    agents,
    topics,
    onMessage(message) {
      feed({ kind: "responds", isResponsive: !message.isUnresponsive });
      feed({ kind: "explained", reason: message.state === "ready" ? null : (message.reason ?? message.state) });
      if (message.state === "ready") onDemand();
    },
    close(reason) {
      closedFor = reason;
      link?.close();
      topics.closeAll(reason);
      calls.settleAll(failure(reason));
    },
  };
}
