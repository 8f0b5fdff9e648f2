import { CONNECTIONS_LIMIT, DESCRIPTOR_SHARE } from "../limits.ts";
import type { Server } from "node:http";
import type { Socket } from "node:net";

/** Counts the open connections of a server. */
export interface Connections {
  /** Whether it was opened when there were as many as are served. */
  isSurplus(socket: Socket): boolean;
}

export function countConnections(server: Server, limit: number): Connections {
  const surplus = new WeakSet<Socket>();
  let open = 0;
  server.on("connection", (socket) => {
    open += 1;
    if (open > limit) surplus.add(socket);
    socket.on("close", () => (open -= 1));
  });
  return { isSurplus: (socket) => surplus.has(socket) };
}

/** How many connections to serve, given the text of `/proc/self/limits` (where there is one): each takes a descriptor. */
export function connectionLimit(processLimits: string | null): number {
  const [, descriptors] = /^Max open files\s+(\d+)/m.exec(processLimits ?? "") ?? [];
  if (descriptors === undefined) return CONNECTIONS_LIMIT;
  return Math.min(CONNECTIONS_LIMIT, Math.floor(Number(descriptors) * DESCRIPTOR_SHARE));
}
