import { type AgentRoster, createAgentRoster } from "./agents/agent-roster.ts";
import type { Clock, Timers } from "../base/clock.ts";
import { LINK_HELLO_WAIT_MS, PARKING_TICK_MS } from "./limits.ts";
import { type Link, createLink, unpackList } from "../process/link.ts";
import { type ParkingEffect, type ParkingEvent, createParking } from "./parking.ts";
import type { RequestName, RequestParams, RequestResults } from "../protocol/orchestrator-requests.ts";
import { type TopicHub, createTopicHub } from "./topics/topic-hub.ts";
import type { Duplex } from "node:stream";
import type { EnvironmentMessage } from "../process/child-entry.ts";
import type { SupervisorPort } from "./supervisor-port.ts";
import { type Failure, isErrorCode } from "../protocol/error-codes.ts";
import type { Log } from "../process/log.ts";
import { PROTOCOL_VERSION } from "../protocol/version.ts";
import { type Result, failure, ok } from "../base/result.ts";
import { environmentKey } from "../protocol/names.ts";
import { exhaustive } from "../base/exhaustive.ts";
import { isRepeatable } from "../protocol/orchestrator-requests.ts";
import { linkTypes } from "../protocol/link-frame.ts";

// The way to one orchestrator: parking.ts decides, this file asks the supervisor, opens the link, and passes what travels on it to those who
// wait for it: callers here, agents in the roster, subscribers in the hub.

export interface EnvironmentRef {
  readonly project: string;
  readonly environment: string;
}

export interface EnvironmentLink {
  /** Asks the orchestrator; starts it if need be. Resolves when it has answered or will not. `signal`: nobody waits for it any more. */
  request<N extends RequestName>(
    name: N,
    params: RequestParams<N>,
    signal?: AbortSignal,
  ): Promise<Result<RequestResults[N], Failure>>;
  readonly agents: AgentRoster;
  readonly topics: TopicHub;
  isReady(): boolean;
  /** What the supervisor says about the orchestrator, whenever that changes. */
  onMessage(message: EnvironmentMessage): void;
  /** The environment is gone, or the gateway stops: everyone who waits hears why. */
  close(reason: Failure): void;
}

export interface EnvironmentLinkParts {
  readonly ref: EnvironmentRef;
  readonly supervisor: SupervisorPort;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly connect: (socketPath: string) => Duplex;
}

/** A request on its way. */
interface Call {
  readonly name: RequestName;
  readonly params: RequestParams<RequestName>;
  readonly settle: (result: Result<unknown, Failure>) => void;
}

/** What a request without values weighs, roughly. */
const CALL_BYTES = 256;

export function createEnvironmentLink(parts: EnvironmentLinkParts): EnvironmentLink {
  const { ref, supervisor, clock, timers, log } = parts;
  const key = environmentKey(ref.project, ref.environment);
  const parking = createParking(key);
  const calls = new Map<number, Call>();
  const onDemand = (): void => feed({ kind: "wanted", isWanted: agents.size() > 0 || topics.size() > 0 });
  const agents = createAgentRoster(onDemand);
  const topics = createTopicHub(onDemand);
  let lastCall = 0;
  let link: Link | null = null; // Once open.
  let isTicking = false;
  let isClosed = false;

  const feed = (event: ParkingEvent): void => {
    if (isClosed) return;
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
      case "send":
        return send(effect.id, effect.waitedMs);
      case "forget":
        return link?.sendPacked(linkTypes.forget, [effect.id]);
      case "fail":
        return settle(effect.id, failure(effect.failure));
      default:
        return exhaustive(effect);
    }
  };

  const ask = async (): Promise<void> => {
    const answer = await supervisor.request("ensure-environment", ref);
    if (isClosed) return;
    if (answer.ok) return open(answer.value.socketPath);
    log.warn(
      { environment: key, code: answer.error.code },
      `the orchestrator is not to be had: ${answer.error.message}`,
    );
    feed({ kind: "refused", failure: answer.error });
  };

  const open = (socketPath: string): void => {
    const opening = createLink(parts.connect(socketPath), {
      onFrame(type, payload, handled) {
        onFrame(type, payload, opening);
        handled();
      },
      onCredit() {
        agents.hasRoom();
        release({ kind: "room" });
      },
      onClose(reason) {
        cancelWait();
        lost(reason);
      },
    });
    const cancelWait = timers.after(LINK_HELLO_WAIT_MS, () => {
      if (link !== opening) opening.close();
    });
    opening.sendPacked(linkTypes.hello, [PROTOCOL_VERSION, 0]);
  };

  const onHello = (payload: Buffer, opening: Link): void => {
    const [protocol, epoch] = unpackList(payload);
    if (protocol !== PROTOCOL_VERSION) throw new Error(`an orchestrator of protocol ${String(protocol)}`);
    link = opening;
    log.info({ environment: key, epoch }, "link open");
    agents.opened(link);
    topics.opened(link);
    release({ kind: "opened" });
  };

  /** Sends what is parked while there is credit. */
  const release = (event: ParkingEvent): void => {
    feed(event);
    while (parking.phase() === "ready" && link?.hasCredit() && parking.parkedCount() > 0) feed({ kind: "room" });
  };

  const lost = (reason: string): void => {
    if (link !== null) {
      link = null;
      agents.lost();
      topics.lost();
    }
    log.info({ environment: key, reason }, "link closed");
    feed({ kind: "lost" });
  };

  /** Throws on what no orchestrator of ours says: the link then ends. */
  const onFrame = (type: number, payload: Buffer, from: Link): void => {
    if (link !== from) {
      if (type !== linkTypes.hello) throw new Error("a first frame that is no hello");
      return onHello(payload, from);
    }
    switch (type) {
      case linkTypes.reply:
        return onReply(payload);
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

  const onReply = (payload: Buffer): void => {
    const [id, isOk, value] = unpackList(payload);
    if (typeof id !== "number") throw new Error("a reply without a number");
    if (parking.phase() !== "ready") return; // After its goodbye: the next orchestrator is asked.
    feed({ kind: "replied", id });
    settle(id, isOk === true ? ok(value) : failure(readFailure(value)));
  };

  const send = (id: number, waitedMs: number): void => {
    const call = calls.get(id);
    if (call !== undefined) link?.sendPacked(linkTypes.request, [id, call.name, paramsAfter(call.params, waitedMs)]);
  };

  const settle = (id: number, result: Result<unknown, Failure>): void => {
    const call = calls.get(id);
    calls.delete(id);
    call?.settle(result);
  };

  const request = (name: RequestName, params: RequestParams<RequestName>, signal?: AbortSignal) =>
    new Promise<Result<unknown, Failure>>((resolve) => {
      lastCall += 1;
      const id = lastCall;
      const onGone = (): void => {
        feed({ kind: "gone", id });
        settle(id, failure({ code: "outcome_unknown", message: "The caller has gone." }));
      };
      const onSettled = (result: Result<unknown, Failure>): void => {
        signal?.removeEventListener("abort", onGone);
        resolve(result);
      };
      calls.set(id, { name, params, settle: onSettled });
      signal?.addEventListener("abort", onGone, { once: true });
      feed({
        kind: "request",
        id,
        bytes: bytesOf(params),
        isRepeatable: isRepeatable(name, "idempotencyKey" in params ? params : {}),
        waitMs: "waitMs" in params ? params.waitMs : 0,
        hasCredit: link?.hasCredit() ?? false,
      });
    });

  return {
    // The reply to a request is what the catalogue says for its name: the orchestrator is of our own version.
    request: request as EnvironmentLink["request"],
    agents,
    topics,
    isReady: () => link !== null,
    onMessage(message) {
      feed({ kind: "explained", reason: message.state === "ready" ? null : (message.reason ?? message.state) });
      if (message.state === "ready") onDemand();
    },
    close(reason) {
      isClosed = true;
      link?.close();
      topics.closeAll(reason);
      for (const id of calls.keys()) settle(id, failure(reason));
    },
  };
}

function readFailure(value: unknown): Failure {
  const { code, message, details } = (value ?? {}) as Partial<Failure>; // Any member may be absent or wrong; each is looked at.
  if (typeof code !== "string" || !isErrorCode(code))
    return { code: "internal", message: "The orchestrator failed without a reason." };
  return { code, message: String(message), ...(details === undefined ? {} : { details }) };
}

/** What a request holds in memory while it waits: its values, and little else. */
function bytesOf(params: RequestParams<RequestName>): number {
  if (!("arguments" in params)) return CALL_BYTES;
  return params.arguments.reduce((sum, value) => sum + (value.kind === "inline" ? value.data.length : 0), CALL_BYTES);
}

/** A caller who was willing to wait has waited for some of that time already. */
function paramsAfter(params: RequestParams<RequestName>, waitedMs: number): unknown {
  if (waitedMs === 0 || !("waitMs" in params)) return params;
  return { ...params, waitMs: Math.max(0, params.waitMs - Math.round(waitedMs)) };
}
