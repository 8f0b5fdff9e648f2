import { once } from "node:events";
import { type Socket, connect, createServer } from "node:net";
import { join } from "node:path";
import { temporaryDirectory } from "./temporary.ts";

/** The two ends of one Unix socket. */
export async function socketPair(): Promise<readonly [Socket, Socket]> {
  const directory = await temporaryDirectory();
  const path = join(directory.path, "s");
  const accepted: Socket[] = [];
  const server = createServer((socket) => void accepted.push(socket)).listen(path);
  await once(server, "listening");
  const near = connect(path);
  await Promise.all([once(near, "connect"), once(server, "connection")]);
  server.close();
  await directory.remove();
  const [far] = accepted;
  if (far === undefined) throw new Error("nobody has connected");
  return [near, far];
}
