import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Exchange, renderErrorCodes, renderPage } from "./page.ts";
import { type RouteName, routes } from "../../../src/protocol/http-api.ts";
import type { Route } from "../../../src/protocol/http-route.ts";
import { examples, replies } from "./examples.ts";
import type { RequestName } from "../../../src/protocol/orchestrator-requests.ts";
import { ok } from "../../../src/base/result.ts";
import { startGatewayRig } from "../../support/gateway-rig.ts";

const docs = join(import.meta.dirname, "../../../docs");

test("docs/http-api.md shows every route with what the gateway really answers", async () => {
  const rig = await startGatewayRig();
  rig.supervisor.add("development/old", { socketPath: rig.orchestrator.socketPath });
  for (const [name, reply] of Object.entries(replies)) rig.orchestrator.answer(name as RequestName, () => ok(reply));
  const exchanges: Exchange[] = [];
  // What one request makes another shows, so the order is not that of the page.
  const order = ["archive-environment", "put-blob"] satisfies RouteName[];
  for (const name of order) await rig.call(routes[name].method, examples[name].path, examples[name].body);
  for (const [name, route] of Object.entries<Route>(routes)) {
    const example = examples[name as RouteName];
    const { status, body } = await rig.call(route.method, example.path, example.body, example.headers);
    expect([name, status]).toEqual([name, route.status]);
    exchanges.push({ route, example, status, body });
  }
  await rig.close();
  await expect(renderPage(exchanges)).toMatchFileSnapshot(join(docs, "http-api.md"));
});

test("docs/protocol.md lists every error code as the processes know it", async () => {
  const page = await readFile(join(docs, "protocol.md"), "utf8");
  expect(page).toContain(renderErrorCodes());
});
