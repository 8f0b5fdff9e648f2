import { WebSocket } from "ws";
import type { Cancel, Timers } from "../base/clock.ts";
import { FRAME_LIMIT_BYTES, PING_INTERVAL_MS } from "../protocol/limits.ts";
import { readErrorBody } from "../protocol/read-failure.ts";
import { AGENT_SUBPROTOCOL } from "../protocol/version.ts";
import { CONNECT_DEADLINE_MS, REFUSAL_LIMIT_BYTES } from "./limits.ts";
import type { SocketEvent } from "./framed-session.ts";

/** The socket to the server: one at a time, told what to do by the session machine, and telling it what happens. */
export interface Connection {
  connect(): void;
  send(frame: Uint8Array): void;
  /** Drops the socket; it is not heard any more. */
  close(code: number, reason: string): void;
}

export interface ConnectionParts {
  /** `ws://host:port/agent?project=…&environment=…` */
  readonly url: string;
  readonly timers: Timers;
  readonly onEvent: (event: SocketEvent) => void;
}

export function createConnection({ url, timers, onEvent }: ConnectionParts): Connection {
  let socket: WebSocket | undefined;
  let cancelPing: Cancel = () => undefined;

  const keepAlive = (opened: WebSocket): void => {
    cancelPing = timers.after(PING_INTERVAL_MS, () => {
      opened.ping();
      keepAlive(opened);
    });
  };

  /** Nothing that the old socket still says or does is heard. */
  const forget = (): WebSocket | undefined => {
    const old = socket;
    socket = undefined;
    cancelPing();
    old?.removeAllListeners();
    old?.on("error", () => undefined);
    return old;
  };

  return {
    connect() {
      forget()?.terminate();
      const opening = new WebSocket(url, [AGENT_SUBPROTOCOL], {
        maxPayload: FRAME_LIMIT_BYTES,
        perMessageDeflate: false,
        handshakeTimeout: CONNECT_DEADLINE_MS,
      });
      socket = opening;
      opening.binaryType = "nodebuffer";
      let failure = "";
      opening.on("open", () => {
        keepAlive(opening);
        onEvent({ kind: "opened" });
      });
      opening.on("message", (bytes, isBinary) => {
        if (isBinary && Buffer.isBuffer(bytes)) onEvent({ kind: "frame", bytes });
      });
      opening.on("ping", () => onEvent({ kind: "alive" }));
      opening.on("pong", () => onEvent({ kind: "alive" }));
      opening.on("error", (error) => (failure = describe(error)));
      opening.on("close", (code, reason) => {
        forget();
        onEvent({ kind: "closed", code, reason: failure === "" ? reason.toString() : failure });
      });
      opening.on("unexpected-response", (_request, response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (text: string) => {
          if (body.length < REFUSAL_LIMIT_BYTES) body += text;
        });
        response.on("end", () => {
          forget()?.terminate();
          onEvent({ kind: "refused", ...readRefusal(body, response.statusCode ?? 0) });
        });
      });
    },
    send: (frame) => socket?.send(frame),
    close(code, reason) {
      const old = forget();
      if (old === undefined) return;
      if (old.readyState !== WebSocket.OPEN) return old.terminate();
      old.close(code, reason.slice(0, 100));
      timers.after(CONNECT_DEADLINE_MS, () => old.terminate()); // A dead peer never answers the close.
    },
  };
}

/** The API's error body, or what else the server said instead of letting us in. */
function readRefusal(body: string, status: number): { code: string; reason: string } {
  const told = readErrorBody(body);
  if (told !== undefined) return { code: told.code, reason: told.message };
  const what = "no Coflux server, or a proxy whose server is away";
  return { code: "", reason: `what listens there answered ${status} instead of opening a WebSocket (${what})` };
}

function describe(error: Error): string {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return code === "ECONNREFUSED" ? "no server answers there" : error.message || code;
}
