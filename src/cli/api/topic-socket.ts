import { WebSocket } from "ws";
import { SOCKET_HANDSHAKE_MS, SOCKET_MESSAGE_LIMIT_BYTES } from "../limits.ts";
import { type Failure, isErrorCode, statusOf } from "../../protocol/error-codes.ts";
import { type ApiPlace, authorization } from "./api.ts";
import { type TopicState, readTopicMessage } from "./topic-events.ts";

export interface TopicListener {
  /** The whole value after each change. */
  onValue(value: unknown): void;
  /** The topic is refused and will stay so; nothing more is said. */
  onRefused(failure: Failure): void;
  /** The connection is gone, or what came over it was out of order; nothing more is said. */
  onLost(reason: string): void;
}

const SUBSCRIPTION = 1;

/** Subscribes to one topic over a socket of its own. The returned function ends it without a further word to the listener. */
export function openTopic(place: ApiPlace, topic: string, listener: TopicListener): () => void {
  const path = `/api/projects/${encodeURIComponent(place.project)}/environments/${encodeURIComponent(place.environment)}/topics`;
  const socket = new WebSocket(place.url.replace(/\/+$/, "").replace(/^http/, "ws") + path, {
    headers: authorization(place.token),
    handshakeTimeout: SOCKET_HANDSHAKE_MS,
    maxPayload: SOCKET_MESSAGE_LIMIT_BYTES,
    perMessageDeflate: false,
  });
  let state: TopicState | null = null;
  let isOver = false;

  const end = (): boolean => {
    if (isOver) return false;
    isOver = true;
    socket.terminate();
    return true;
  };
  const lose = (reason: string): void => {
    if (end()) listener.onLost(reason);
  };
  const refuse = (failure: Failure): void => {
    if (isPassing(failure)) return lose(failure.message);
    if (end()) listener.onRefused(failure);
  };

  socket.on("open", () => socket.send(JSON.stringify(["subscribe", SUBSCRIPTION, topic])));
  socket.on("message", (data) => {
    if (isOver) return;
    const step = readTopicMessage(state, Buffer.isBuffer(data) ? data.toString("utf8") : "");
    if (step.kind === "refused") return refuse(step.failure);
    if (step.kind === "lost") return lose("a change of the run is missing");
    state = step.state;
    listener.onValue(state.value);
  });
  socket.on("error", (error) => lose(error.message));
  socket.on("close", (code) => lose(`the connection was closed (${code})`));
  return () => void end();
}

/** Codes that go away by themselves, such as those of an environment that restarts. */
function isPassing({ code }: Failure): boolean {
  return isErrorCode(code) && statusOf(code) >= 500;
}
