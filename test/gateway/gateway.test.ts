import { Agent, get } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { E, type GatewayRig, startGatewayRig } from "../support/gateway-rig.ts";
import { ok } from "../../src/base/result.ts";

let rig: GatewayRig;

beforeEach(async () => {
  rig = await startGatewayRig();
});
afterEach(() => rig.close());

test("a stopping gateway answers what is under way, and sends away what only waits", async () => {
  let answer = (): void => undefined;
  rig.orchestrator.answer("list-agents", () => new Promise((resolve) => (answer = () => resolve(ok({ agents: [] })))));
  rig.orchestrator.answer("get-result", () => new Promise(() => undefined));
  const short = rig.call("GET", `${E}/agents`);
  const long = rig.call("GET", `${E}/runs/Rbcdfgh/result?waitMs=60000`);
  await rig.orchestrator.hears("request", ({ name }) => name === "list-agents");
  await rig.orchestrator.hears("request", ({ name }) => name === "get-result");
  const drained = rig.gateway.drain(3_000);
  answer();
  expect(await short).toMatchObject({ status: 200 });
  const sentAway = await long;
  expect(sentAway).toMatchObject({ status: 503, body: { error: { code: "shutting_down" } } });
  expect(sentAway.headers.get("retry-after")).toBe("2");
  await drained;
});

test("a stopping gateway takes no new connection, and nothing new on those that are open", async () => {
  rig.orchestrator.answer("get-result", () => new Promise(() => undefined));
  const pool = new Agent({ keepAlive: true, maxSockets: 1 });
  const call = (path: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      get(`${rig.url}${path}`, { agent: pool }, (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode));
      }).on("error", reject);
    });
  const waiting = call(`${E}/runs/Rbcdfgh/result?waitMs=60000`);
  await rig.orchestrator.hears("request");
  const next = call("/api/projects"); // On the same connection, once the first is answered.
  const drained = rig.gateway.drain(3_000);
  expect(await waiting).toBe(503);
  expect(await next.catch((error: NodeJS.ErrnoException) => error.code)).toSatisfy(
    (outcome) => outcome === 503 || outcome === "ECONNRESET" || outcome === "ECONNREFUSED",
  );
  await drained;
  await expect(rig.call("GET", "/healthz")).rejects.toThrow("fetch failed");
  pool.destroy();
});
