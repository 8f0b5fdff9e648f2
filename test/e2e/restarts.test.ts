import { expect, test } from "vitest";
import { type TestAgent, environmentPath, startAgent, startRun, startServer } from "../support/server.ts";

const RESTARTS = 5;

test("restarting an environment under load fails no request", async () => {
  const server = await startServer();
  const agent: TestAgent = await startAgent(server);
  await startRun(server, "sum", [1, 2]);
  const statuses = new Map<number, number>();
  let isOver = false;
  const ask = async (method: string, path: string, body?: unknown): Promise<void> => {
    while (!isOver) {
      const { status } = await server.api(method, `${environmentPath()}${path}`, body);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  // Without an idempotency key: a start that was taken twice or not at all could not be repaired by asking again.
  const callers = [1, 2, 3, 4].flatMap(() => [
    ask("POST", "/runs", { target: "flows/sum", arguments: [1, 2] }),
    ask("GET", "/agents"),
  ]);
  for (let count = 0; count < RESTARTS; count++) {
    const restart = await server.api("POST", `${environmentPath()}/restart`);
    expect(restart.status).toBe(200);
  }
  isOver = true;
  await Promise.all(callers);
  await agent.stop();
  await server.remove();
  expect([...statuses.keys()].toSorted((one, other) => one - other)).toEqual([200, 201]);
});
