import type { Duplex } from "node:stream";
import type { Result } from "../../src/base/result.ts";
import { type Link, createLink } from "../../src/process/link.ts";
import { parseJson, readNumberedJson } from "../../src/gateway/numbered-json.ts";
import { unpackList } from "../../src/process/pack.ts";
import { linkTypes } from "../../src/protocol/link-frame.ts";
import type { Failure } from "../../src/protocol/error-codes.ts";
import type { RequestName, RequestParams, RequestResults } from "../../src/protocol/orchestrator-requests.ts";
import type { TopicEvent } from "../../src/protocol/topics.ts";
import { PROTOCOL_VERSION } from "../../src/protocol/version.ts";
import { type Arrivals, arrivals } from "./arrivals.ts";
import { type ScriptedAgent, scriptedAgent, withResolvers } from "./scripted-agent.ts";

// The gateway's end of a link, by script: agents, clients and subscribers without sockets of their own.

export interface ScriptedGateway {
  /** Of the orchestrator, from its hello. */
  readonly epoch: number;
  request<N extends RequestName>(name: N, params: RequestParams<N>): Promise<Result<RequestResults[N], Failure>>;
  /** A request that no gateway of ours would send. */
  requestRaw(name: unknown, params: unknown): Promise<Result<unknown, Failure>>;
  /** Like `request`, but the answer is not waited for; returns what `forget` takes. */
  send(name: RequestName, params: unknown): number;
  forget(id: number): void;
  /** An agent connects (again, after the link was). */
  agent(): ScriptedAgent;
  subscribe(topic: string): ScriptedSubscription;
  readonly link: Link;
  /** Gives no credit back while true. */
  hoard(isHoarding: boolean): void;
  /** Resolves when the orchestrator says that it stops. */
  readonly goodbye: Promise<void>;
  /** Ends when the orchestrator or its process has gone. */
  readonly closed: Promise<string>;
  close(): void;
}

export interface ScriptedSubscription {
  readonly events: Arrivals<TopicEvent>;
  unsubscribe(): void;
}

/** Says hello and waits for the orchestrator's. */
export async function scriptedGateway(stream: Duplex): Promise<ScriptedGateway> {
  const replies = new Map<number, (result: Result<unknown, Failure>) => void>();
  const agents = new Map<number, ScriptedAgent>();
  const subscriptions = new Map<number, Arrivals<TopicEvent>>();
  const hello = withResolvers<number>();
  const goodbye = withResolvers<void>();
  const closed = withResolvers<string>();
  let last = 0;

  const onFrame = (type: number, payload: Buffer): void => {
    switch (type) {
      case linkTypes.hello:
        return hello.resolve(Number(unpackList(payload)[1]));
      case linkTypes.reply: {
        const [id, isOk, value] = unpackList(payload);
        replies.get(Number(id))?.(
          (isOk === true ? { ok: true, value } : { ok: false, error: value }) as Result<unknown, Failure>,
        );
        return;
      }
      case linkTypes.agentFrame:
        return agents.get(payload.readUInt32BE(0))?.deliver(Buffer.from(payload.subarray(4)));
      case linkTypes.agentClose: {
        const [connection, code] = unpackList(payload);
        return agents.get(Number(connection))?.onClosed(Number(code));
      }
      case linkTypes.replyJson: {
        const { number, json } = readNumberedJson(payload);
        return replies.get(number)?.({ ok: true, value: parseJson(json) });
      }
      case linkTypes.topicEvent: {
        const { number, json } = readNumberedJson(payload);
        return subscriptions.get(number)?.add(parseJson(json) as TopicEvent);
      }
      case linkTypes.goodbye:
        return goodbye.resolve();
      default:
        throw new Error(`an orchestrator sent type ${type}`);
    }
  };

  let isHoarding = false;
  const hoarded: (() => void)[] = [];
  const link = createLink(stream, {
    onFrame(type, payload, handled) {
      onFrame(type, payload);
      if (isHoarding) hoarded.push(handled);
      else handled();
    },
    onCredit: () => undefined,
    onClose: (reason) => closed.resolve(reason),
  });
  link.sendPacked(linkTypes.hello, [PROTOCOL_VERSION, 0]);
  const epoch = await Promise.race([hello.promise, closed.promise]);
  if (typeof epoch === "string") throw new Error(`no hello from the orchestrator: ${epoch}`);

  const send = (name: unknown, params: unknown): number => {
    last += 1;
    link.sendPacked(linkTypes.request, [last, name, params]);
    return last;
  };

  const requestRaw = (name: unknown, params: unknown): Promise<Result<unknown, Failure>> =>
    new Promise((resolve) => replies.set(send(name, params), resolve));

  return {
    epoch,
    request: requestRaw as ScriptedGateway["request"], // The catalogue says what each name is answered with.
    requestRaw,
    send,
    forget: (id) => link.sendPacked(linkTypes.forget, [id]),
    agent() {
      last += 1;
      const agent = scriptedAgent(last, {
        frame: (connection, frame) => link.send(linkTypes.agentFrame, u32(connection), frame),
        close: (connection) => link.send(linkTypes.agentClose, u32(connection)),
      });
      agents.set(last, agent);
      link.send(linkTypes.agentOpen, u32(last));
      return agent;
    },
    subscribe(topic) {
      last += 1;
      const subscription = last;
      const events = arrivals<TopicEvent>(`event of ${topic}`);
      subscriptions.set(subscription, events);
      link.sendPacked(linkTypes.subscribe, [subscription, topic]);
      return { events, unsubscribe: () => link.sendPacked(linkTypes.unsubscribe, [subscription]) };
    },
    hoard(isHoardingNow) {
      isHoarding = isHoardingNow;
      if (!isHoarding) for (const handled of hoarded.splice(0)) handled();
    },
    link,
    goodbye: goodbye.promise,
    closed: closed.promise,
    close: () => link.close(),
  };
}

function u32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
