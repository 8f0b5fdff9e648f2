import { createServer } from "node:net";
import { type Link, createLink } from "../../src/process/link.ts";
import { unpackList } from "../../src/process/pack.ts";
import { JSON_HEAD_BYTES, linkTypes } from "../../src/protocol/link-frame.ts";
import type { RequestName } from "../../src/protocol/orchestrator-requests.ts";
import type { Failure } from "../../src/protocol/error-codes.ts";
import { type Result, ok } from "../../src/base/result.ts";
import type { TopicEvent } from "../../src/protocol/topics.ts";
import { PROTOCOL_VERSION } from "../../src/protocol/version.ts";

// The orchestrator's end of the link, by script: it speaks the protocol over a real Unix socket and does what a test tells it.

export type Heard =
  | { readonly kind: "opened" }
  | { readonly kind: "lost" }
  | {
      readonly kind: "request";
      readonly id: number;
      readonly name: RequestName;
      readonly params: Record<string, unknown>;
    }
  | { readonly kind: "forget"; readonly id: number }
  | { readonly kind: "agentOpen"; readonly connection: number }
  | { readonly kind: "agentFrame"; readonly connection: number; readonly frame: string }
  | { readonly kind: "agentClose"; readonly connection: number }
  | { readonly kind: "subscribe"; readonly subscription: number; readonly topic: string }
  | { readonly kind: "unsubscribe"; readonly subscription: number };

/** What a request is answered with; a promise that never settles leaves it without an answer. */
export type Answerer = (
  params: Record<string, unknown>,
) => Result<unknown, Failure> | Promise<Result<unknown, Failure>>;

export interface ScriptedOrchestrator {
  readonly socketPath: string;
  /** Everything that arrived, in order. */
  readonly heard: readonly Heard[];
  /** The first that fits, of what arrived after `since` or arrives yet. */
  hears<K extends Heard["kind"]>(
    kind: K,
    fits?: (heard: Extract<Heard, { kind: K }>) => boolean,
    since?: number,
  ): Promise<Extract<Heard, { kind: K }>>;
  /** How requests of this name are answered from now on; without it `null`. */
  answer(name: RequestName, answerer: Answerer): void;
  /** Gives no credit back while true. */
  hoard(isHoarding: boolean): void;
  sendFrame(connection: number, frame: string | Uint8Array): void;
  closeAgent(connection: number, code: number, reason: string): void;
  tell(subscription: number, event: TopicEvent): void;
  /** Sends any frame at all. */
  sendRaw(type: number, payload: Uint8Array): void;
  sendPacked(type: number, payload: unknown): void;
  /** Ends as a killed process would: the socket file stays, nobody listens. */
  kill(): Promise<void>;
  /** Listens (again). */
  start(): Promise<void>;
}

export function scriptedOrchestrator(
  socketPath: string,
  options: { readonly protocol?: number } = {},
): ScriptedOrchestrator {
  const heard: Heard[] = [];
  const waiting = new Set<() => void>();
  const answerers = new Map<RequestName, Answerer>();
  const held: (() => void)[] = [];
  let isHoarding = false;
  let link: Link | null = null;
  let epoch = 0;

  const hear = (item: Heard): void => {
    heard.push(item);
    for (const look of waiting) look();
  };

  const server = createServer((socket) => {
    const opened = createLink(socket, {
      onFrame(type, payload, handled) {
        onFrame(type, payload, opened);
        if (isHoarding) held.push(handled);
        else handled();
      },
      onCredit: () => undefined,
      onClose() {
        if (link === opened) link = null;
        hear({ kind: "lost" });
      },
    });
    link = opened;
    opened.sendPacked(linkTypes.hello, [options.protocol ?? PROTOCOL_VERSION, epoch]);
    hear({ kind: "opened" });
  });

  const onFrame = (type: number, payload: Buffer, from: Link): void => {
    switch (type) {
      case linkTypes.request: {
        const [id, name, params] = unpackList(payload) as [number, RequestName, Record<string, unknown>];
        hear({ kind: "request", id, name, params });
        const answerer = answerers.get(name) ?? (() => ok(null));
        void Promise.resolve(answerer(params)).then((result) => {
          if (!result.ok) from.sendPacked(linkTypes.reply, [id, false, result.error]);
          else if (/^(get|list)-/.test(name)) from.send(linkTypes.replyJson, numberedJson(id, result.value));
          else from.sendPacked(linkTypes.reply, [id, true, result.value]);
        });
        return;
      }
      case linkTypes.forget:
        return hear({ kind: "forget", id: Number(unpackList(payload)[0]) });
      case linkTypes.agentOpen:
        return hear({ kind: "agentOpen", connection: payload.readUInt32BE(0) });
      case linkTypes.agentFrame:
        return hear({ kind: "agentFrame", connection: payload.readUInt32BE(0), frame: payload.toString("latin1", 4) });
      case linkTypes.agentClose:
        return hear({ kind: "agentClose", connection: payload.readUInt32BE(0) });
      case linkTypes.subscribe: {
        const [subscription, topic] = unpackList(payload);
        return hear({ kind: "subscribe", subscription: Number(subscription), topic: String(topic) });
      }
      case linkTypes.unsubscribe:
        return hear({ kind: "unsubscribe", subscription: Number(unpackList(payload)[0]) });
      default:
    }
  };

  return {
    socketPath,
    heard,
    hears(kind, fits = () => true, since = 0) {
      return new Promise((resolve) => {
        const look = (): void => {
          for (const item of heard.slice(since)) {
            if (item.kind !== kind) continue;
            const candidate = item as Extract<Heard, { kind: typeof kind }>; // Just compared.
            if (!fits(candidate)) continue;
            waiting.delete(look);
            return resolve(candidate);
          }
        };
        waiting.add(look);
        look();
      });
    },
    answer: (name, answerer) => void answerers.set(name, answerer),
    hoard(isOn) {
      isHoarding = isOn;
      if (!isOn) for (const handled of held.splice(0)) handled();
    },
    sendFrame(connection, frame) {
      const prefix = Buffer.alloc(4);
      prefix.writeUInt32BE(connection);
      link?.send(linkTypes.agentFrame, prefix, typeof frame === "string" ? Buffer.from(frame, "latin1") : frame);
    },
    closeAgent: (connection, code, reason) => link?.sendPacked(linkTypes.agentClose, [connection, code, reason]),
    tell: (subscription, event) => link?.send(linkTypes.topicEvent, numberedJson(subscription, event)),
    sendRaw: (type, payload) => link?.send(type as 1, payload),
    sendPacked: (type, payload) => link?.sendPacked(type as 1, payload),
    async kill() {
      const closed = new Promise((resolve) => server.close(resolve));
      link?.close();
      await closed;
    },
    async start() {
      epoch += 1;
      await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    },
  };
}

function numberedJson(number: number, value: unknown): Buffer {
  const head = Buffer.alloc(JSON_HEAD_BYTES);
  head.writeDoubleBE(number);
  return Buffer.concat([head, Buffer.from(JSON.stringify(value))]);
}
