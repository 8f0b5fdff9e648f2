import { SUBSCRIPTIONS_LIMIT, TOPIC_UNREAD_BYTES } from "../limits.ts";
import type { TopicHub, TopicSubscription } from "./topic-hub.ts";
import { parseJson } from "../../base/json.ts";
import type { Failure } from "../../protocol/error-codes.ts";
import { notFound } from "../../protocol/failures.ts";
import type { WatchedSocket } from "../sockets/watched-socket.ts";
import type { WebSocket } from "ws";
import { closeCodes } from "../../protocol/close-codes.ts";
import type { Log } from "../../process/log.ts";
import { malformed } from "../http/refusals.ts";
import { parseTopic } from "../../protocol/topics.ts";

interface Subscribed {
  subscription: TopicSubscription | null;
  /** Patches were left out; it hears a fresh value once it has read what waits. */
  isBehind: boolean;
}

/** Connects a browser's socket with the live views of an environment; what the two say: protocol/topics.ts. */
export function attachTopics(
  socket: WebSocket,
  watched: WatchedSocket,
  { hub, log }: { readonly hub: TopicHub; readonly log: Log },
): void {
  const subscriptions = new Map<number, Subscribed>();

  const refuse = (id: number, { code, message }: Failure): void =>
    watched.send(JSON.stringify(["error", id, { code, message }]));

  const subscribe = (id: number, name: string): void => {
    const topic = parseTopic(name);
    if (topic === undefined) return refuse(id, notFound("topic_not_found", name));
    if (subscriptions.has(id)) return refuse(id, malformed(`${id} is a subscription already`));
    if (subscriptions.size >= SUBSCRIPTIONS_LIMIT) return refuse(id, tooMany());
    const subscribed: Subscribed = { subscription: null, isBehind: false };
    subscriptions.set(id, subscribed);
    const subscription = hub.subscribe(topic, {
      onValue: (json) => tell(subscribed, `["value",${id},${json}]`),
      onPatch: (json) => tell(subscribed, `["patch",${id},${json}]`),
      onError(failure) {
        subscriptions.delete(id);
        refuse(id, failure);
      },
    });
    subscribed.subscription = subscription;
  };

  const tell = (subscribed: Subscribed, message: string): void => {
    if (watched.unreadBytes > TOPIC_UNREAD_BYTES) subscribed.isBehind = true;
    if (!subscribed.isBehind) watched.send(message);
  };

  const unsubscribe = (id: number): void => {
    subscriptions.get(id)?.subscription?.end();
    subscriptions.delete(id);
  };

  watched.onDrain(() => {
    for (const subscribed of subscriptions.values()) {
      if (!subscribed.isBehind) continue;
      subscribed.isBehind = false;
      subscribed.subscription?.repeat();
    }
  });
  socket.on("message", (data, isBinary) => {
    if (watched.isClosing) return;
    const message = !isBinary && Buffer.isBuffer(data) ? readMessage(data.toString()) : undefined;
    if (message === undefined) return watched.close(closeCodes.broken, "not a message of a subscriber");
    if (message.name === null) unsubscribe(message.id);
    else subscribe(message.id, message.name);
  });
  watched.onGiveUp((reason) => log.warn({ reason }, "subscriber given up"));
  socket.on("error", () => undefined); // Its close follows.
  socket.on("close", () => {
    for (const id of subscriptions.keys()) unsubscribe(id);
  });
}

/** `["subscribe", id, name]` or `["unsubscribe", id]`; the name is null for the latter. */
function readMessage(text: string): { id: number; name: string | null } | undefined {
  const message = parseJson(text);
  const [kind, id, name]: readonly unknown[] = Array.isArray(message) ? message : [];
  if (typeof id !== "number" || !Number.isSafeInteger(id)) return undefined;
  if (kind === "unsubscribe") return { id, name: null };
  return kind === "subscribe" && typeof name === "string" ? { id, name } : undefined;
}

function tooMany(): Failure {
  return { code: "overloaded", message: `a socket has at most ${SUBSCRIPTIONS_LIMIT} subscriptions` };
}
