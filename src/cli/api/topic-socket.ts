import { WebSocket } from "ws";
import { exhaustive } from "../../base/exhaustive.ts";
import { SOCKET_HANDSHAKE_MS, SOCKET_MESSAGE_LIMIT_BYTES } from "../limits.ts";
import { environmentPath, socketAddress } from "../../protocol/addresses.ts";
import { type Failure, isErrorCode, statusOf } from "../../protocol/error-codes.ts";
import { type ApiPlace, authorization } from "./api.ts";
import { type TopicState, parseTopicMessage, readTopicMessage } from "./topic-events.ts";

export interface TopicListener {
  /** The whole value after each change. */
  onValue(value: unknown): void;
  /** The topic is refused and will stay so; nothing more is said of it. */
  onRefused(failure: Failure): void;
}

/** Live views of one environment over one socket. */
export interface Topics {
  /** The returned function ends it without a further word to the listener. */
  subscribe(topic: string, listener: TopicListener): () => void;
  /** Ends all of them. */
  readonly close: () => void;
}

interface Subscription {
  readonly topic: string;
  readonly listener: TopicListener;
  state: TopicState | null;
}

/**
 * Opens a socket for topics. `onLost` hears once that it is gone, or that what came over it was out of order; the listeners then hear nothing
 * more. It is not called after `close`.
 */
export function openTopics(place: ApiPlace, onLost: (reason: string) => void): Topics {
  const socket = new WebSocket(socketAddress(place.url, `${environmentPath(place)}/topics`), {
    headers: authorization(place.token),
    handshakeTimeout: SOCKET_HANDSHAKE_MS,
    maxPayload: SOCKET_MESSAGE_LIMIT_BYTES,
    perMessageDeflate: false,
  });
  const subscriptions = new Map<number, Subscription>();
  let lastNumber = 0;
  let isOver = false;

  const end = (): boolean => {
    if (isOver) return false;
    isOver = true;
    socket.terminate();
    return true;
  };
  const lose = (reason: string): void => {
    if (end()) onLost(reason);
  };
  const say = (...message: readonly unknown[]): void => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  };

  const hear = (text: string): void => {
    const message = parseTopicMessage(text);
    const number = message?.[1];
    if (message === undefined || typeof number !== "number") return lose("what came is no message of a live view");
    const subscription = subscriptions.get(number);
    if (subscription === undefined) return; // A last word of one that was ended.
    const step = readTopicMessage(subscription.state, message);
    switch (step.kind) {
      case "lost":
        return lose(`a change of ${subscription.topic} is missing`);
      case "refused":
        if (isPassing(step.failure)) return lose(step.failure.message);
        subscriptions.delete(number);
        return subscription.listener.onRefused(step.failure);
      case "value":
        subscription.state = step.state;
        return subscription.listener.onValue(step.state.value);
      default:
        return exhaustive(step);
    }
  };

  socket.on("open", () => {
    for (const [number, { topic }] of subscriptions) say("subscribe", number, topic);
  });
  socket.on("message", (data) => {
    if (!isOver) hear(Buffer.isBuffer(data) ? data.toString("utf8") : "");
  });
  socket.on("error", (error) => lose(error.message));
  socket.on("close", (code) => lose(`the connection was closed (${code})`));

  return {
    subscribe(topic, listener) {
      const number = ++lastNumber;
      subscriptions.set(number, { topic, listener, state: null });
      say("subscribe", number, topic);
      return () => {
        if (subscriptions.delete(number)) say("unsubscribe", number);
      };
    },
    close: () => void end(),
  };
}

/** Codes that go away by themselves, such as those of an environment that restarts. */
function isPassing({ code }: Failure): boolean {
  return isErrorCode(code) && statusOf(code) >= 500;
}
