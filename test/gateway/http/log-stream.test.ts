import { afterEach, beforeEach, expect, test } from "vitest";
import { E, type GatewayRig, startGatewayRig } from "../../support/gateway-rig.ts";
import { failure, ok } from "../../../src/base/result.ts";

let rig: GatewayRig;

beforeEach(async () => {
  rig = await startGatewayRig();
});
afterEach(() => rig.close());

const address = `${E}/runs/Rbcdfgh/logs`;
const line = (text: string) => ({
  executionId: "Rbcdfgh:1:1",
  sequence: 1,
  timestamp: 1_000,
  level: "info",
  template: text,
  values: {},
});

/** The log as the orchestrator has it: `cursor` is the number of lines that were read. */
function serveLines(lines: string[]): void {
  rig.orchestrator.answer("get-logs", ({ after, limit }) => {
    const start = Number(after ?? 0);
    const page = lines.slice(start, start + Number(limit));
    return ok({ logs: page.map(line), cursor: String(start + page.length) });
  });
}

/** Opens the stream and reads it event by event. */
async function follow(query: string, headers: Record<string, string> = {}) {
  const hangUp = new AbortController();
  const response = await fetch(`${rig.url}${address}${query}`, {
    headers: { accept: "text/event-stream", ...headers },
    signal: hangUp.signal,
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return {
    response,
    hangUp: () => hangUp.abort(),
    /** The next event, in its lines. */
    async next(): Promise<string[]> {
      while (!text.includes("\n\n")) {
        const piece = await reader?.read();
        if (piece === undefined || piece.done) return ["end"];
        text += piece.value;
      }
      const end = text.indexOf("\n\n");
      const event = text.slice(0, end);
      text = text.slice(end + 2);
      return event.split("\n");
    },
  };
}

const templates = ([, data]: string[]): string[] =>
  (JSON.parse(data?.replace(/^data: /, "") ?? "{}") as { logs: { template: string }[] }).logs.map(
    ({ template }) => template,
  );

test("a page of a log is JSON", async () => {
  serveLines(["one", "two", "three"]);
  const answer = await rig.call("GET", `${address}?limit=2&after=1&level=warn&step=Rbcdfgh:4&attempt=2`);
  expect(answer).toMatchObject({
    status: 200,
    body: { logs: [{ template: "two" }, { template: "three" }], cursor: "3" },
  });
  expect((await rig.orchestrator.hears("request")).params).toEqual({
    run: "Rbcdfgh",
    step: 4,
    attempt: 2,
    level: "warn",
    after: "1",
    limit: 2,
  });
});

test("a stream gives what is there in pages, then what comes", async () => {
  const lines = ["one", "two", "three"];
  serveLines(lines);
  const stream = await follow("?limit=2");
  expect(stream.response.headers.get("content-type")).toBe("text/event-stream");
  const first = await stream.next();
  expect([first[0], templates(first)]).toEqual(["id: 2", ["one", "two"]]);
  const second = await stream.next();
  expect([second[0], templates(second)]).toEqual(["id: 3", ["three"]]);
  const { subscription, topic } = await rig.orchestrator.hears("subscribe");
  expect(topic).toBe("logs/Rbcdfgh");
  lines.push("four");
  rig.orchestrator.tell(subscription, { kind: "value", version: 1, value: {} });
  expect(templates(await stream.next())).toEqual(["four"]);
  stream.hangUp();
});

test("a reader who comes back goes on after the last event it had", async () => {
  serveLines(["one", "two", "three"]);
  const stream = await follow("?after=1", { "last-event-id": "2" });
  expect(templates(await stream.next())).toEqual(["three"]);
  stream.hangUp();
});

test("a reader who goes ends the subscription", async () => {
  serveLines(["one"]);
  const stream = await follow("");
  await stream.next();
  const { subscription } = await rig.orchestrator.hears("subscribe");
  stream.hangUp();
  expect(await rig.orchestrator.hears("unsubscribe")).toMatchObject({ subscription });
});

test("a stream of a run that does not exist is refused before it begins", async () => {
  rig.orchestrator.answer("get-logs", () => failure({ code: "run_not_found", message: "there is no run Rbcdfgh" }));
  const stream = await follow("");
  expect(stream.response.status).toBe(404);
});

test("a stream whose environment goes says why and ends", async () => {
  serveLines(["one"]);
  const stream = await follow("");
  await stream.next();
  await rig.orchestrator.hears("subscribe");
  rig.supervisor.remove("development");
  rig.supervisor.announce("development", { state: "stopped", exists: false });
  const [event, data] = await stream.next();
  expect(event).toBe("event: error");
  expect(data).toContain("environment_not_found");
  expect(await stream.next()).toEqual(["end"]);
});
