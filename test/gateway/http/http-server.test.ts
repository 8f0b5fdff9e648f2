import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { createHttpServer } from "../../../src/gateway/http/http-server.ts";
import { createLog } from "../../../src/process/log.ts";

// More than the system takes on its way to a reader who does not read.
const answer = Buffer.alloc(32 * 1_048_576);
const readerWaitMs = 1_000;

const http = createHttpServer({
  api: { fetch: () => new Response(answer) },
  connectionLimit: 10,
  log: createLog({ process: "test" }),
  readerWaitMs,
  onRequestEnd: () => undefined,
});

async function ask() {
  if (!http.server.listening) await once(http.server.listen(0, "127.0.0.1"), "listening");
  const { port } = http.server.address() as AddressInfo; // Of a TCP server it is one.
  const socket = connect(port, "127.0.0.1");
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  return socket;
}

afterEach(() => http.server.closeAllConnections());

test("an answer of which nothing is taken is given up", async () => {
  const socket = await ask();
  const [, response]: ServerResponse[] = await once(http.server, "request");
  if (response?.closed === false) await once(response, "close");
  expect(http.activeRequests()).toBe(0);
  socket.destroy();
});

test("an answer that is taken piece by piece arrives in whole, however long that takes", async () => {
  const socket = await ask();
  const begun = performance.now();
  let bytes = 0;
  let rests = 0;
  for await (const piece of socket) {
    bytes += piece.length;
    if (bytes >= answer.byteLength) break;
    if (bytes < (rests + 1) * 1_048_576) continue;
    rests += 1;
    await delay(readerWaitMs / 8); // It is not read meanwhile.
  }
  expect(bytes).toBeGreaterThanOrEqual(answer.byteLength);
  expect(performance.now() - begun).toBeGreaterThan(2 * readerWaitMs);
});
