import { afterEach, beforeEach, expect, test } from "vitest";
import { E, type GatewayRig, startGatewayRig } from "../../support/gateway-rig.ts";

let rig: GatewayRig;

beforeEach(async () => {
  rig = await startGatewayRig();
});
afterEach(() => rig.close());

const environments = "/api/projects/default/environments";

test("projects are created, shown, listed and deleted", async () => {
  expect(await rig.call("POST", "/api/projects", { id: "shop" })).toMatchObject({ status: 201, body: { id: "shop" } });
  expect(await rig.call("POST", "/api/projects", { id: "shop" })).toMatchObject({
    status: 409,
    body: { error: { code: "project_exists" } },
  });
  expect(await rig.call("GET", "/api/projects/shop")).toMatchObject({ status: 200, body: { id: "shop" } });
  expect(await rig.call("GET", "/api/projects")).toMatchObject({
    body: { projects: [{ id: "default" }, { id: "shop" }] },
  });
  expect(await rig.call("DELETE", "/api/projects/shop")).toMatchObject({ status: 204 });
  expect(await rig.call("GET", "/api/projects/shop")).toMatchObject({ status: 404 });
});

test("environments are created, shown and listed, with a slash in the name", async () => {
  expect(await rig.call("POST", environments, { name: "development/joe", base: "development" })).toMatchObject({
    status: 201,
    body: { name: "development/joe", base: "development" },
  });
  expect(await rig.call("GET", `${environments}/development%2Fjoe`)).toMatchObject({
    status: 200,
    body: { name: "development/joe" },
  });
  expect(await rig.call("GET", environments)).toMatchObject({
    body: { environments: [{ name: "development" }, { name: "development/joe" }] },
  });
});

test("a restart answers with the new process", async () => {
  expect(await rig.call("POST", `${E}/restart`)).toMatchObject({ status: 200, body: { pid: 4_321 } });
});

test("the supervisor alone decides that an environment is archived", async () => {
  expect(await rig.call("POST", `${E}/archive`)).toMatchObject({ status: 204 });
  expect(rig.supervisor.asked).toMatchObject([{ name: "archive-environment" }]);
  expect(rig.orchestrator.heard).toEqual([]);
  expect(await rig.call("DELETE", E)).toMatchObject({ status: 204 });
});

test("an environment is paused as soon as the answer says so, and active again", async () => {
  for (const [word, state] of [
    ["pause", "paused"],
    ["resume", "active"],
  ]) {
    expect(await rig.call("POST", `${E}/${word}`)).toMatchObject({ status: 204 });
    expect(rig.orchestrator.heard.at(-1)).toMatchObject({ kind: "request", name: word });
    expect(await rig.call("GET", E)).toMatchObject({ body: { state } });
  }
});

test("an environment that is not archived is not deleted", async () => {
  expect(await rig.call("DELETE", E)).toMatchObject({
    status: 409,
    body: { error: { code: "environment_not_archived" } },
  });
});

test("the server says what it is, that it lives, that it is ready, and what runs", async () => {
  expect(await rig.call("GET", "/")).toMatchObject({ status: 200, body: { name: "coflux" } });
  expect(await rig.call("GET", "/healthz")).toMatchObject({ status: 200, body: { status: "ok" } });
  expect(await rig.call("GET", "/readyz")).toMatchObject({ status: 200, body: { status: "ready" } });
  expect(await rig.call("GET", "/api/version")).toMatchObject({ status: 200, body: { version: "0.1.0", protocol: 1 } });
  expect(await rig.call("GET", "/api/processes")).toMatchObject({
    status: 200,
    body: { supervisor: { pid: 10 }, gateway: { state: "ready" }, orchestrators: [{ environment: "development" }] },
  });
});
