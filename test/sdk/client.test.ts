import { createHash } from "node:crypto";
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { encodeError } from "../../src/protocol/value-format/wire-error.ts";
import {
  ApiError,
  type ClientOptions,
  ExecutionAbandoned,
  ExecutionCancelled,
  ExecutionError,
  ExecutionTimeout,
  WaitTimeout,
  createClient,
} from "../../src/sdk/client.ts";

interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
}

type Reply =
  | { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> }
  | "hang up";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A server that gives these answers, the last one for ever, and keeps what it was asked. */
async function serve(...replies: Reply[]) {
  return await serveFor({}, ...replies);
}

async function serveFor(options: ClientOptions, ...replies: Reply[]) {
  const received: Received[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const text = Buffer.concat(chunks).toString();
    const reply = replies[Math.min(received.length, replies.length - 1)] ?? "hang up";
    received.push({
      method: request.method ?? "",
      path: request.url ?? "",
      headers: request.headers,
      body: text === "" ? undefined : JSON.parse(text),
    });
    if (reply === "hang up") return void request.socket.destroy();
    response.writeHead(reply.status, { "content-type": "application/json", ...reply.headers });
    response.end(reply.body === undefined ? "" : JSON.stringify(reply.body));
  };
  server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const client = createClient({
    url: `http://127.0.0.1:${port}/`,
    environment: "development/joe",
    token: "secret",
    ...options,
  });
  return { client, received };
}

const E = "/api/projects/default/environments/development%2Fjoe";
const started = { runId: "Rbcdfgh", stepId: "Rbcdfgh:1", executionId: "Rbcdfgh:1:1" };
const refused = (status: number, code: string): Reply => ({
  status,
  body: { error: { code, message: `it is ${code}` } },
});

test("a start sends encoded arguments and the options in their wire form", async () => {
  const { client, received } = await serve({ status: 201, body: started });
  const run = await client.submit("flows/greet", ["Ada", new Date(0)], {
    delay: "2s",
    retries: 1,
    idempotencyKey: "k",
  });
  expect(run).toMatchObject(started);
  expect(received).toMatchObject([
    {
      method: "POST",
      path: `${E}/runs`,
      headers: { authorization: "Bearer secret", "content-type": "application/json" },
      body: {
        target: "flows/greet",
        arguments: ["Ada", { $: "date", v: "1970-01-01T00:00:00.000Z" }],
        delayMs: 2_000,
        retries: { limit: 1, backoffMinMs: 0, backoffMaxMs: 0 },
        idempotencyKey: "k",
      },
    },
  ]);
});

test("arguments that are too large for one request go ahead of it as blobs, the small ones beside them in it", async () => {
  const text = "é".repeat(2_200_000);
  const data = JSON.stringify(text);
  const key = createHash("sha256").update(data).digest("hex");
  const { client, received } = await serve({ status: 503 }, { status: 204 }, { status: 201, body: started });
  await client.submit("flows/greet", ["small", text, "x".repeat(10_000)]);
  expect(received.map(({ method, path }) => `${method} ${path}`)).toEqual([
    `PUT ${E}/blobs/${key}`,
    `PUT ${E}/blobs/${key}`,
    `POST ${E}/runs`,
  ]);
  expect(received[1]).toMatchObject({ headers: { "content-type": "application/octet-stream" }, body: text });
  const blob = { $: "blob", v: { key, size: Buffer.byteLength(data) } };
  expect(received[2]?.body).toMatchObject({ target: "flows/greet", arguments: ["small", blob, "x".repeat(10_000)] });
});

test("what fits into one request is sent in one", async () => {
  const { client, received } = await serve({ status: 201, body: started });
  await client.submit("flows/greet", ["x".repeat(2_000_000), "y".repeat(2_000_000)]);
  expect(received.map(({ method }) => method)).toEqual(["POST"]);
});

test("what is wrong with a start is said before anything is sent", async () => {
  const { client, received } = await serve({ status: 201, body: started });
  await expect(client.submit("flows/greet", [() => 1])).rejects.toThrow("args[0] is a function");
  await expect(client.submit("flows/greet", [], { timeout: "soon" as never })).rejects.toThrow(
    'option "timeout" of flows/greet is wrong',
  );
  await expect(client.submit("flows/greet", [], { retry: 3 } as never)).rejects.toThrow(
    'has no option "retry"; there are retries, timeout, delay, priority, isolation, idempotencyKey, signal',
  );
  expect(received.length).toBe(0);
});

test.each([
  ["http://127.0.0.1:1", 'createClient() needs an object: createClient({ url: "http://127.0.0.1:7777" })'],
  [{ port: 7801 }, 'createClient() has no option "port"; there are url, project, environment, token, retryFor'],
  [{ url: "nonsense" }, 'option "url" of createClient() must be an http:// or https:// address, not "nonsense"'],
  [{ url: "ftp://a" }, 'option "url"'],
  [{ project: "No" }, 'option "project" of createClient() must be 1 to 63 of'],
  [{ environment: "a//b" }, 'option "environment"'],
  [{ token: 7 }, 'option "token" of createClient() must be text'],
  [{ retryFor: 10 }, 'option "retryFor"'],
])("a client that cannot be made as wished says why: %j", (options, message) => {
  expect(() => createClient(options as ClientOptions)).toThrow(message);
});

test.each([
  ["abc", 'the arguments of flows/greet must be a list: submit("flows/greet", [first, second])'],
  [{ a: 1 }, "must be a list"],
])("arguments that are no list are refused: %j", async (parameters, message) => {
  const { client, received } = await serve({ status: 201, body: started });
  await expect(client.submit("flows/greet", parameters as never)).rejects.toThrow(message);
  expect(received.length).toBe(0);
});

describe("a result", () => {
  test("is waited for until it is there", async () => {
    const pending = { status: 200, body: { status: "pending" } };
    const { client, received } = await serve(pending, pending, {
      status: 200,
      body: { status: "succeeded", value: { tags: { $: "set", v: ["a"] } } },
    });
    await expect(client.result("Rbcdfgh")).resolves.toStrictEqual({ tags: new Set(["a"]) });
    expect(received.map(({ path }) => path)).toEqual(Array(3).fill(`${E}/runs/Rbcdfgh/result?waitMs=30000`));
  });

  test("that is large is fetched as a blob, with its references", async () => {
    const reference = { kind: "execution", id: "Rbcdfgh:2:1", target: "flows/add" };
    const { client, received } = await serve(
      {
        status: 200,
        body: { status: "succeeded", value: { $: "blob", v: { key: "a1", size: 9, references: [reference] } } },
      },
      { status: 200, body: [{ $: "ref", v: 0 }, 1] },
    );
    await expect(client.result("Rbcdfgh")).resolves.toEqual([reference, 1]);
    expect(received[1]?.path).toBe(`${E}/blobs/a1`);
  });

  test("that failed is the error it failed with", async () => {
    const { cause: _, errors: __, ...error } = encodeError(Object.assign(new RangeError("too far"), { limit: 3 }));
    const shown = {
      ...error,
      value: { limit: 3 },
      cause: { ...error, type: "Unheard", message: "root", value: undefined },
    };
    const { client } = await serve({ status: 200, body: { status: "failed", error: shown } });
    const caught: unknown = await client.result("Rbcdfgh").catch((thrown: unknown) => thrown);
    expect(caught).toBeInstanceOf(ExecutionError);
    expect(caught).toBeInstanceOf(RangeError);
    expect(caught).toMatchObject({
      message: "too far",
      limit: 3,
      stack: error.stack,
      cause: { name: "Unheard", message: "root" },
      execution: { runId: "Rbcdfgh" },
    });
  });

  test.each([
    [{ status: "cancelled" }, ExecutionCancelled],
    [{ status: "timed_out" }, ExecutionTimeout],
    [{ status: "abandoned", reason: "lost" }, ExecutionAbandoned],
  ])("%j has its own error", async (body, expected) => {
    const { client } = await serve({ status: 200, body });
    await expect(client.result("Rbcdfgh")).rejects.toBeInstanceOf(expected);
  });

  test("that takes too long leaves the run alone", async () => {
    const { client, received } = await serve({ status: 200, body: { status: "pending" } });
    await expect(client.result("Rbcdfgh", { timeout: "0s" })).rejects.toThrow(WaitTimeout);
    expect(received[0]?.path).toMatch(/waitMs=0$/);
  });

  test("can be given up by its caller", async () => {
    const { client } = await serve({ status: 200, body: { status: "pending" } });
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(client.result("Rbcdfgh", { signal })).rejects.toThrow("enough");
  });
});

describe("when the server is away", () => {
  const value = { status: 200, body: { status: "succeeded", value: 1 } };

  test("reading is repeated", async () => {
    const { client, received } = await serve("hang up", refused(503, "environment_unavailable"), value);
    await expect(client.result("Rbcdfgh")).resolves.toBe(1);
    expect(received.length).toBe(3);
  });

  test("a start with a key is repeated, also when its fate is unknown", async () => {
    const { client, received } = await serve("hang up", refused(503, "outcome_unknown"), {
      status: 200,
      body: started,
    });
    await expect(client.submit("flows/greet", [], { idempotencyKey: "k" })).resolves.toMatchObject(started);
    expect(received.map(({ body }) => body)).toEqual(Array(3).fill(expect.objectContaining({ idempotencyKey: "k" })));
  });

  test("a start without a key is repeated only when nothing was done", async () => {
    const { client, received } = await serve(refused(503, "overloaded"), refused(503, "outcome_unknown"));
    await expect(client.submit("flows/greet")).rejects.toMatchObject({ code: "outcome_unknown", status: 503 });
    expect(received.length).toBe(2);
  });

  test("a start without a key is not repeated after a lost connection", async () => {
    const { client, received } = await serve("hang up");
    await expect(client.submit("flows/greet")).rejects.toMatchObject({
      code: "unreachable",
      status: 0,
      message: expect.stringContaining(
        "not repeated, because it may have been done (a start with an idempotencyKey is)",
      ),
    });
    expect(received.length).toBe(1);
  });

  test("a start that nobody was there to take is repeated without a key as well", async () => {
    const { client } = await serveFor({ retryFor: "1s" }, "hang up");
    await new Promise((resolve) => server?.close(resolve));
    await expect(client.submit("flows/greet")).rejects.toMatchObject({
      code: "unreachable",
      message: expect.stringMatching(/ECONNREFUSED.* \(\d+ attempts in [\d.]+s; option retryFor\)$/),
    });
  });

  test("what was tried in vain says how often and how long, and which option says so", async () => {
    const { client, received } = await serveFor({ retryFor: "1s" }, "hang up");
    await expect(client.run("Rbcdfgh")).rejects.toMatchObject({
      code: "unreachable",
      message: expect.stringMatching(/^no answer from http:.* \(\d+ attempts in [\d.]+s; option retryFor\)$/),
    });
    expect(received.length).toBeGreaterThan(1);
  });

  test("the wait that the server asks for is kept, or given up at once when there is no time for it", async () => {
    const { client, received } = await serve({
      ...Object(refused(503, "overloaded")),
      headers: { "retry-after": "3600" },
    });
    await expect(client.run("Rbcdfgh")).rejects.toMatchObject({ code: "overloaded" });
    expect(received.length).toBe(1);
  });
});

describe("refusals", () => {
  test("carry the code, the message and the details of the server", async () => {
    const error = { code: "target_not_found", message: "no workflow flows/gret", details: { closest: "flows/greet" } };
    const { client } = await serve({ status: 404, body: { error } });
    const caught: unknown = await client.submit("flows/gret").catch((thrown: unknown) => thrown);
    expect(caught).toBeInstanceOf(ApiError);
    expect(caught).toMatchObject({ ...error, status: 404 });
  });

  test("of something that is not the API are told apart", async () => {
    const { client } = await serve({ status: 502, body: "Bad Gateway" });
    await expect(client.run("Rbcdfgh")).rejects.toMatchObject({ code: "bad_answer", status: 502 });
  });
});

test("runs, logs, cancel and rerun ask their routes", async () => {
  const { client, received } = await serve({ status: 200, body: {} });
  await client.runs({ status: "failed", limit: 5 });
  await client.run("Rbcdfgh");
  await client.logs("Rbcdfgh", { step: 2, level: undefined });
  await client.cancel("Rbcdfgh");
  await client.cancel("Rbcdfgh:1:1");
  await client.rerun("Rbcdfgh:1");
  expect(received.map(({ method, path }) => `${method} ${path.slice(E.length)}`)).toEqual([
    "GET /runs?status=failed&limit=5",
    "GET /runs/Rbcdfgh",
    "GET /runs/Rbcdfgh/logs?step=2",
    "POST /runs/Rbcdfgh/cancel",
    "POST /executions/Rbcdfgh%3A1%3A1/cancel",
    "POST /steps/Rbcdfgh%3A1/rerun",
  ]);
});
