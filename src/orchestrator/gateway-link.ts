import type { Duplex } from "node:stream";
import { type Link, createLink } from "../process/link.ts";
import { unpackList } from "../process/pack.ts";
import { AGENT_ENVELOPE_BYTES, writeAgentEnvelope } from "../protocol/agent-frame.ts";
import { JSON_HEAD_BYTES, linkTypes } from "../protocol/link-frame.ts";
import { PROTOCOL_VERSION } from "../protocol/version.ts";
import type { AgentPort } from "./agent-line.ts";
import type { ReplyPort } from "./requests.ts";
import type { TopicPort } from "./topics.ts";

// One link to the gateway, as messages: what it carries is link-frame.ts, how bytes become frames and credit is process/link.ts.

export type LinkMessage =
  | { readonly kind: "request"; readonly id: number; readonly name: unknown; readonly params: unknown }
  | { readonly kind: "forget"; readonly id: number }
  | { readonly kind: "agent-open"; readonly connection: number }
  | { readonly kind: "agent-frame"; readonly connection: number; readonly frame: Buffer }
  | { readonly kind: "agent-close"; readonly connection: number }
  | { readonly kind: "subscribe"; readonly subscription: number; readonly topic: string }
  | { readonly kind: "unsubscribe"; readonly subscription: number };

export interface GatewayLinkEvents {
  /** The gateway has said hello. */
  onOpen(): void;
  /** `handled` gives the gateway credit for the `bytes` of it again. */
  onMessage(message: LinkMessage, bytes: number, handled: () => void): void;
  onCredit(): void;
  onClose(reason: string): void;
}

/** The way to agents, clients and subscribers. */
export interface GatewayLink extends AgentPort, ReplyPort, TopicPort {
  /** Says that this process stops, after everything it took was answered. The gateway closes the link when it has read that. */
  sayGoodbye(): void;
  close(): void;
}

const CONNECTION_BYTES = 4;

export function openGatewayLink(stream: Duplex, epoch: number, events: GatewayLinkEvents): GatewayLink {
  let isOpen = false;
  const link: Link = createLink(stream, {
    onFrame(type, payload, handled) {
      const message = readFrame(type, payload); // What a gateway of our version does not send throws, and ends the link.
      if (message.kind !== "hello") {
        if (!isOpen) throw new Error("the first frame is no hello");
        return events.onMessage(message, payload.byteLength, handled);
      }
      handled();
      if (message.protocol !== PROTOCOL_VERSION) throw new Error(`a gateway of protocol ${String(message.protocol)}`);
      link.sendPacked(linkTypes.hello, [PROTOCOL_VERSION, epoch]);
      isOpen = true;
      events.onOpen();
    },
    onCredit: () => events.onCredit(),
    onClose: (reason) => events.onClose(reason),
  });
  const agentHead = Buffer.alloc(CONNECTION_BYTES + AGENT_ENVELOPE_BYTES);

  return {
    reply(id, result) {
      link.sendPacked(linkTypes.reply, result.ok ? [id, true, result.value] : [id, false, result.error]);
    },
    replyJson: (id, json) => link.send(linkTypes.replyJson, numberHead(id), ...json),
    sendFrame(connection, envelope, body) {
      agentHead.writeUInt32BE(connection);
      writeAgentEnvelope(agentHead.subarray(CONNECTION_BYTES), envelope);
      link.send(linkTypes.agentFrame, agentHead, body);
    },
    closeConnection: (connection, code, reason) => link.sendPacked(linkTypes.agentClose, [connection, code, reason]),
    sendEvent: (subscription, json) => link.send(linkTypes.topicEvent, numberHead(subscription), ...json),
    hasCredit: () => link.hasCredit(),
    sayGoodbye() {
      link.send(linkTypes.goodbye);
      link.end();
    },
    close: () => link.close(),
  };
}

function readFrame(
  type: number,
  payload: Buffer,
): LinkMessage | { readonly kind: "hello"; readonly protocol: unknown } {
  switch (type) {
    case linkTypes.hello:
      return { kind: "hello", protocol: unpackList(payload)[0] };
    case linkTypes.request: {
      const [id, name, params] = unpackList(payload);
      return { kind: "request", id: asNumber(id), name, params };
    }
    case linkTypes.forget:
      return { kind: "forget", id: asNumber(unpackList(payload)[0]) };
    case linkTypes.agentOpen:
      return { kind: "agent-open", connection: payload.readUInt32BE(0) };
    case linkTypes.agentFrame:
      return {
        kind: "agent-frame",
        connection: payload.readUInt32BE(0),
        frame: payload.subarray(CONNECTION_BYTES),
      };
    case linkTypes.agentClose:
      return { kind: "agent-close", connection: payload.readUInt32BE(0) };
    case linkTypes.subscribe: {
      const [subscription, topic] = unpackList(payload);
      return { kind: "subscribe", subscription: asNumber(subscription), topic: String(topic) };
    }
    case linkTypes.unsubscribe:
      return { kind: "unsubscribe", subscription: asNumber(unpackList(payload)[0]) };
    default:
      throw new Error(`a frame of type ${type}, which gateways do not send`);
  }
}

/** What stands before JSON text: the number of what it answers. */
function numberHead(value: number): Uint8Array {
  const head = Buffer.alloc(JSON_HEAD_BYTES);
  head.writeDoubleBE(value);
  return head;
}

function asNumber(input: unknown): number {
  if (typeof input === "number") return input;
  throw new Error("a frame without its number");
}
