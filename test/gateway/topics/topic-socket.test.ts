import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type GatewayRig, type TestSocket, startGatewayRig } from "../../support/gateway-rig.ts";
import { SUBSCRIPTIONS_LIMIT } from "../../../src/gateway/limits.ts";
import { WebSocket } from "ws";
import { eventually } from "../../support/eventually.ts";

let rig: GatewayRig;

beforeEach(async () => {
  rig = await startGatewayRig();
});
afterEach(() => rig.close());

const say = ({ socket }: TestSocket, ...message: unknown[]): void => socket.send(JSON.stringify(message));

/** What a subscriber heard at this position. */
async function heard(subscriber: TestSocket, position: number): Promise<unknown> {
  return JSON.parse((await subscriber.message(position)).toString());
}

describe("a subscriber", () => {
  test("hears the value of a topic, then its patches", async () => {
    const subscriber = await rig.subscriber();
    say(subscriber, "subscribe", 7, "runs");
    const { subscription, topic } = await rig.orchestrator.hears("subscribe");
    expect(topic).toBe("runs");
    rig.orchestrator.tell(subscription, { kind: "value", version: 1, value: { runs: [] } });
    rig.orchestrator.tell(subscription, { kind: "patch", version: 2, patch: [[["runs"], [{ id: "Rbcdfgh" }], 0]] });
    expect(await heard(subscriber, 0)).toEqual(["value", 7, 1, { runs: [] }]);
    expect(await heard(subscriber, 1)).toEqual(["patch", 7, 2, [[["runs"], [{ id: "Rbcdfgh" }], 0]]]);
  });

  test("that comes later hears the value as it is by then, and the orchestrator is not asked again", async () => {
    const [first, second] = [await rig.subscriber(), await rig.subscriber()];
    say(first, "subscribe", 1, "runs");
    const { subscription } = await rig.orchestrator.hears("subscribe");
    rig.orchestrator.tell(subscription, { kind: "value", version: 1, value: { runs: ["a"] } });
    rig.orchestrator.tell(subscription, { kind: "patch", version: 2, patch: [[["runs"], ["b"], 1]] });
    await first.message(1);
    say(second, "subscribe", 5, "runs");
    expect(await heard(second, 0)).toEqual(["value", 5, 2, { runs: ["a", "b"] }]);
    rig.orchestrator.tell(subscription, { kind: "patch", version: 3, patch: [[["runs", 0], "A"]] });
    expect(await heard(second, 1)).toEqual(["patch", 5, 3, [[["runs", 0], "A"]]]);
    expect(rig.orchestrator.heard.filter(({ kind }) => kind === "subscribe")).toHaveLength(1);
  });

  test("may have several topics on one socket", async () => {
    const subscriber = await rig.subscriber();
    say(subscriber, "subscribe", 1, "agents");
    say(subscriber, "subscribe", 2, "run/Rbcdfgh");
    const { subscription } = await rig.orchestrator.hears("subscribe", ({ topic }) => topic === "run/Rbcdfgh");
    rig.orchestrator.tell(subscription, { kind: "value", version: 1, value: null });
    expect(await heard(subscriber, 0)).toEqual(["value", 2, 1, null]);
  });

  test("that unsubscribes hears nothing more; the last one ends the topic at the orchestrator", async () => {
    const subscriber = await rig.subscriber();
    say(subscriber, "subscribe", 1, "runs");
    say(subscriber, "subscribe", 2, "runs");
    const { subscription } = await rig.orchestrator.hears("subscribe");
    say(subscriber, "unsubscribe", 1);
    say(subscriber, "subscribe", 3, "agents"); // Once this has arrived, so has the word before it.
    await rig.orchestrator.hears("subscribe", ({ topic }) => topic === "agents");
    rig.orchestrator.tell(subscription, { kind: "value", version: 1, value: 1 });
    expect(await heard(subscriber, 0)).toEqual(["value", 2, 1, 1]);
    say(subscriber, "unsubscribe", 2);
    expect(await rig.orchestrator.hears("unsubscribe")).toMatchObject({ subscription });
  });

  test("that goes ends its topics", async () => {
    const subscriber = await rig.subscriber();
    say(subscriber, "subscribe", 1, "runs");
    const { subscription } = await rig.orchestrator.hears("subscribe");
    subscriber.socket.terminate();
    expect(await rig.orchestrator.hears("unsubscribe")).toMatchObject({ subscription });
  });

  test("hears why a topic cannot be had", async () => {
    const subscriber = await rig.subscriber();
    say(subscriber, "subscribe", 3, "run/Rbcdfgh");
    const { subscription } = await rig.orchestrator.hears("subscribe");
    rig.orchestrator.tell(subscription, { kind: "error", code: "run_not_found", message: "there is no run Rbcdfgh" });
    expect(await heard(subscriber, 0)).toEqual([
      "error",
      3,
      { code: "run_not_found", message: "there is no run Rbcdfgh" },
    ]);
    say(subscriber, "subscribe", 3, "run/Rbcdfgh"); // The number is free again, and the orchestrator is asked anew.
    await rig.orchestrator.hears("subscribe", (asked) => asked.subscription !== subscription);
  });

  test.each([
    ["a topic that does not exist", [["subscribe", 1, "everything"]], "topic_not_found"],
    ["a run that cannot be", [["subscribe", 1, "run/../agents"]], "topic_not_found"],
    [
      "a number that is taken",
      [
        ["subscribe", 1, "runs"],
        ["subscribe", 1, "agents"],
      ],
      "invalid_request",
    ],
    [
      "a subscription too many",
      Array.from({ length: SUBSCRIPTIONS_LIMIT + 1 }, (_, index) => ["subscribe", index, "runs"]),
      "overloaded",
    ],
  ])("is refused %s", async (_what, messages, code) => {
    const subscriber = await rig.subscriber();
    for (const message of messages) say(subscriber, ...message);
    expect(await heard(subscriber, 0)).toMatchObject(["error", messages.at(-1)?.[1], { code }]);
  });

  test.each([
    ["no JSON", "subscribe"],
    ["no list", "{}"],
    ["a word nobody knows", '["publish",1,"runs"]'],
    ["a number that is text", '["subscribe","1","runs"]'],
    ["a topic that is no text", '["subscribe",1,{}]'],
    ["bytes", Buffer.from('["subscribe",1,"runs"]')],
  ])("that says %s is closed", async (_what, message) => {
    const subscriber = await rig.subscriber();
    subscriber.socket.send(message);
    expect((await subscriber.closed).code).toBe(1002);
  });
});

describe("while the orchestrator restarts", () => {
  test("subscribers stay, and hear a whole value again", async () => {
    const subscriber = await rig.subscriber();
    say(subscriber, "subscribe", 1, "runs");
    const first = await rig.orchestrator.hears("subscribe");
    rig.orchestrator.tell(first.subscription, { kind: "value", version: 1, value: "before" });
    rig.orchestrator.tell(first.subscription, { kind: "patch", version: 2, patch: [[[], "later"]] });
    await subscriber.message(1);
    await rig.orchestrator.kill();
    await rig.orchestrator.start();
    const second = await rig.orchestrator.hears("subscribe", ({ subscription }) => subscription !== first.subscription);
    rig.orchestrator.tell(second.subscription, { kind: "value", version: 1, value: "after" });
    expect(await heard(subscriber, 2)).toEqual(["value", 1, 1, "after"]);
    expect(subscriber.socket.readyState).toBe(WebSocket.OPEN);
  });

  test("one who comes meanwhile waits for the value", async () => {
    rig.supervisor.set("development", "silence");
    const subscriber = await rig.subscriber();
    say(subscriber, "subscribe", 1, "agents");
    await eventually("the gateway asks", async () =>
      rig.supervisor.asked.some(({ name }) => name === "ensure-environment"),
    );
    rig.supervisor.set("development", { socketPath: rig.orchestrator.socketPath });
    const { subscription } = await rig.orchestrator.hears("subscribe");
    rig.orchestrator.tell(subscription, { kind: "value", version: 1, value: { agents: [] } });
    expect(await heard(subscriber, 0)).toEqual(["value", 1, 1, { agents: [] }]);
  });
});

test("a patch that does not fit makes the gateway ask for the value again", async () => {
  const subscriber = await rig.subscriber();
  say(subscriber, "subscribe", 1, "runs");
  const first = await rig.orchestrator.hears("subscribe");
  rig.orchestrator.tell(first.subscription, { kind: "value", version: 1, value: [] });
  rig.orchestrator.tell(first.subscription, { kind: "patch", version: 3, patch: [] });
  expect(await rig.orchestrator.hears("unsubscribe")).toMatchObject({ subscription: first.subscription });
  const second = await rig.orchestrator.hears("subscribe", ({ subscription }) => subscription !== first.subscription);
  rig.orchestrator.tell(second.subscription, { kind: "value", version: 1, value: ["again"] });
  expect(await heard(subscriber, 1)).toEqual(["value", 1, 1, ["again"]]);
});

test("a reader who does not read is left out, and hears the newest value when it reads again", async () => {
  const subscriber = await rig.subscriber();
  say(subscriber, "subscribe", 1, "runs");
  const { subscription } = await rig.orchestrator.hears("subscribe");
  rig.orchestrator.tell(subscription, { kind: "value", version: 1, value: { text: "", count: 0 } });
  await subscriber.message(0);
  subscriber.socket.pause();
  const text = "x".repeat(500_000);
  const versions = 60; // Thirty megabytes, more than all the buffers on the way.
  for (let version = 2; version <= versions; version++) {
    rig.orchestrator.tell(subscription, {
      kind: "patch",
      version,
      patch: [
        [["text"], text],
        [["count"], version],
      ],
    });
  }
  const other = await rig.subscriber();
  say(other, "subscribe", 1, "runs");
  const [, , reached] = (await heard(other, 0)) as [string, number, number];
  if (reached < versions) await other.message(versions - reached); // All patches have come through the gateway.
  subscriber.socket.resume();
  await eventually("the newest value", async () => {
    const last = subscriber.messages.at(-1)?.toString() ?? "";
    return last.startsWith(`["value",1,${versions},`) && last.includes(`"count":${versions}`);
  });
  expect(subscriber.messages.length).toBeLessThan(versions);
});

test("subscribers hear that their environment was deleted", async () => {
  const subscriber = await rig.subscriber();
  say(subscriber, "subscribe", 1, "runs");
  await rig.orchestrator.hears("subscribe");
  rig.supervisor.remove("development");
  rig.supervisor.announce("development", { state: "stopped", exists: false });
  expect(await heard(subscriber, 0)).toMatchObject(["error", 1, { code: "environment_not_found" }]);
});
