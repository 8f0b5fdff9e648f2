import { AGENT_ENVELOPE_BYTES, frameKinds } from "../../protocol/agent-frame.ts";
import type { AgentRoster } from "./agent-roster.ts";
import type { Log } from "../../process/log.ts";
import type { WatchedSocket } from "../sockets/watched-socket.ts";
import type { WebSocket } from "ws";
import { closeCodes } from "../../protocol/close-codes.ts";

/** Connects an agent's socket with the roster of its environment. Of a frame only the kind and the length are looked at. */
export function attachAgent(
  socket: WebSocket,
  watched: WatchedSocket,
  { roster, log }: { readonly roster: AgentRoster; readonly log: Log },
): void {
  const connection = roster.add({
    deliver: (frame) => watched.send(frame),
    close: (code, reason) => watched.close(code, reason),
    pause: () => watched.pause(),
    resume: () => watched.resume(),
  });
  log.info({ connection }, "agent connected");

  socket.on("message", (data, isBinary) => {
    if (watched.isClosing) return;
    if (isBinary && Buffer.isBuffer(data) && isFrame(data)) roster.forward(connection, data);
    else watched.close(closeCodes.broken, "not a frame of an agent");
  });
  watched.onGiveUp((reason) => log.warn({ connection, reason }, "agent given up"));
  socket.on("error", (error) => log.warn({ connection, reason: error.message }, "agent's socket failed"));
  socket.on("close", (code) => {
    roster.remove(connection);
    log.info({ connection, code }, "agent disconnected");
  });
}

function isFrame(data: Buffer): boolean {
  const kind = data[0];
  return data.byteLength >= AGENT_ENVELOPE_BYTES && kind !== undefined && kind < frameKinds.length;
}
