import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";

// A client may offer another protocol with any request (Java's does, with every first one), and a server may ignore that. Node cannot, once it
// listens for upgrades: it hands over the connection instead. So the request is put back before what follows it, without the offer.

export function isWebSocket(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === "websocket";
}

/** Makes the server read the request again. `rest`: what has arrived behind its head. */
export function readAgain(server: Server, request: IncomingMessage, socket: Socket, rest: Buffer): void {
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`];
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    const [name = "", value = ""] = request.rawHeaders.slice(index, index + 2);
    if (!isOfOffer(name)) lines.push(`${name}: ${value}`);
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), rest]));
  server.emit("connection", socket);
}

function isOfOffer(header: string): boolean {
  return ["upgrade", "connection", "http2-settings"].includes(header.toLowerCase());
}
