import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import { type Result, failure, ok } from "../../src/base/result.ts";
import { type ListeningSocket, bindPatiently, bindSocket, resolveHost } from "../../src/supervisor/listening-socket.ts";
import { virtualTime } from "../support/virtual-time.ts";

async function bindLoopback(port: number): Promise<Result<ListeningSocket, string>> {
  const address = await resolveHost("127.0.0.1");
  if (!address.ok) throw new Error(address.error);
  return bindSocket(address.value, port);
}

async function boundSocket(): Promise<ListeningSocket> {
  const bound = await bindLoopback(0);
  if (!bound.ok) throw new Error(bound.error);
  return bound.value;
}

test("a port on which somebody listens is refused with the system's code", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const address = other.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  expect(await bindLoopback(port)).toEqual(failure("EADDRINUSE"));
  other.close();
});

/** Binds while the system answers so, attempt by attempt; its last answer stays. */
async function bindWithin(patienceMs: number, answers: readonly Result<ListeningSocket, string>[]) {
  const time = virtualTime();
  let made = 0;
  const bind = (): Result<ListeningSocket, string> => answers[Math.min(made++, answers.length - 1)] ?? failure("");
  const bound = bindPatiently(bind, patienceMs, time.timers);
  while (time.pending() > 0) {
    time.advance(50);
    await Promise.resolve();
  }
  return { bound: await bound, made };
}

test("a port that becomes free while the rest of a killed server ends is taken", async () => {
  const socket = await boundSocket();
  const inUse = failure("EADDRINUSE");
  expect(await bindWithin(2_000, [inUse, inUse, inUse, ok(socket)])).toEqual({ bound: ok(socket), made: 4 });
  socket.close();
});

test("a port that stays in use is given up after that time, and at once where no server was before", async () => {
  expect(await bindWithin(200, [failure("EADDRINUSE")])).toEqual({ bound: failure("EADDRINUSE"), made: 5 });
  expect(await bindWithin(0, [failure("EADDRINUSE")])).toEqual({ bound: failure("EADDRINUSE"), made: 1 });
});

test("another refusal of the system is final", async () => {
  expect(await bindWithin(2_000, [failure("EACCES")])).toEqual({ bound: failure("EACCES"), made: 1 });
});
