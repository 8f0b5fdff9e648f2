import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { childMessage, type ChildMessage, type SupervisorMessage } from "../../src/protocol/supervisor-messages.ts";
import { bundle } from "../support/bundle.ts";

let program: string;
let started: ChildProcess[] = [];

beforeAll(async () => {
  program = await bundle(fileURLToPath(new URL("fixtures/child.ts", import.meta.url)));
});

afterEach(() => {
  for (const child of started) child.kill("SIGKILL");
  started = [];
});

class Child {
  readonly #process: ChildProcess;
  readonly #messages: ChildMessage[] = [];
  readonly exit: Promise<unknown>;
  log = "";

  constructor(config: object) {
    this.#process = spawn(process.execPath, [program, "--config", JSON.stringify(config)], {
      stdio: ["ignore", "inherit", "pipe", "ipc"],
    });
    started.push(this.#process);
    this.#process.on("message", (message) => this.#messages.push(childMessage.parse(message)));
    const stderr = this.#process.stderr;
    if (stderr === null) throw new Error("no stderr");
    stderr.on("data", (chunk) => (this.log += String(chunk)));
    this.exit = Promise.all([once(this.#process, "exit"), once(stderr, "end")]).then(([[code]]) => code);
  }

  /** The next message that was not yet looked at. */
  async next(): Promise<ChildMessage> {
    while (this.#messages.length === 0) await once(this.#process, "message");
    const message = this.#messages.shift();
    if (message === undefined) throw new Error("no message");
    return message;
  }

  /** The rest of what it said. */
  get messages(): readonly ChildMessage[] {
    return this.#messages;
  }

  async untilReady(): Promise<void> {
    while ((await this.next()).kind !== "ready");
  }

  send(message: SupervisorMessage): void {
    this.#process.send(message);
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  disconnect(): void {
    this.#process.disconnect();
  }
}

describe("a child", () => {
  test("says hello, how far it is, and that it is ready", async () => {
    const child = new Child({ behaviour: "serves" });
    expect(await child.next()).toEqual({ kind: "hello", pid: expect.any(Number) });
    expect(await child.next()).toEqual({ kind: "progress", phase: "migrating", percent: 12 });
    expect(await child.next()).toEqual({ kind: "ready", epoch: 7 });
  });

  test("answers a ping with the delay of its event loop", async () => {
    const child = new Child({ behaviour: "serves" });
    await child.untilReady();
    child.send({ kind: "ping", sequence: 3 });
    expect(await child.next()).toEqual({ kind: "pong", sequence: 3, eventLoopLagMs: expect.any(Number) });
  });

  test("exits with 0 when it has drained", async () => {
    const child = new Child({ behaviour: "serves" });
    await child.untilReady();
    child.send({ kind: "drain", withinMs: 5_000 });
    expect(await child.exit).toBe(0);
  });

  test("exits when draining takes longer than it may", async () => {
    const child = new Child({ behaviour: "drains-forever" });
    await child.untilReady();
    child.send({ kind: "drain", withinMs: 50 });
    expect(await child.exit).toBe(0);
    expect(child.log).toContain("not everything was finished in time");
  });

  test("leaves it to the supervisor what a signal to the whole process group means", async () => {
    const child = new Child({ behaviour: "serves" });
    await child.untilReady();
    for (const signal of ["SIGINT", "SIGHUP", "SIGTERM"] as const) child.kill(signal);
    child.send({ kind: "ping", sequence: 1 });
    expect(await child.next()).toMatchObject({ kind: "pong" });
  });

  test("drains on a SIGTERM that was meant for it alone", { timeout: 20_000 }, async () => {
    const child = new Child({ behaviour: "serves" });
    await child.untilReady();
    child.kill("SIGTERM");
    expect(await child.exit).toBe(0);
    expect(child.log).toContain("draining");
  });

  test("that drains ends at once on SIGTERM", async () => {
    const child = new Child({ behaviour: "drains-forever" });
    await child.untilReady();
    child.send({ kind: "drain", withinMs: 60_000 });
    await expect.poll(() => child.log).toContain("draining");
    child.kill("SIGTERM");
    expect(await child.exit).toBe(0);
  });

  test("exits when the supervisor is gone", async () => {
    const child = new Child({ behaviour: "serves" });
    await child.untilReady();
    child.disconnect();
    expect(await child.exit).toBe(69);
  });

  test("exits when the supervisor has gone before it was loaded", async () => {
    const child = new Child({ behaviour: "serves" });
    child.disconnect();
    expect(await child.exit).toBe(69);
  });

  test.each([
    ["throws-at-start", "bug", "no disk today"],
    ["throws-later", "bug", "a bug"],
    ["rejects-later", "bug", "a forgotten promise"],
    ["is-fatal", "corrupt_database", "the database is damaged"],
  ])("that %s tells the supervisor, logs it and exits with 70", async (behaviour, code, message) => {
    const child = new Child({ behaviour });
    expect(await child.exit).toBe(70);
    expect(child.messages).toContainEqual({ kind: "fatal", code, message: expect.stringContaining(message) });
    expect(child.log).toContain(message);
  });

  test("refuses a configuration that is not one", async () => {
    const child = new Child({ behaviour: "dances" });
    expect(await child.exit).toBe(70);
    expect(child.log).toContain("behaviour");
  });

  test("gets the answer to its request, and hears of environments that were named before it listened", async () => {
    const child = new Child({ behaviour: "asks" });
    child.send({
      kind: "environment",
      project: "default",
      environment: "early",
      state: "ready",
      socketPath: "/s",
      epoch: 1,
      reason: null,
      isUnresponsive: false,
      exists: true,
    });
    let request = await child.next();
    while (request.kind !== "request") request = await child.next();
    expect(request).toMatchObject({ name: "create-project", params: { project: "one" } });
    const error = { code: "project_exists", message: "it is there", details: { project: "one" } };
    child.send({ kind: "reply", id: request.id, ok: false, error });
    await child.untilReady();
    child.send({ kind: "drain", withinMs: 100 });
    await child.exit;
    expect(child.log).toContain(JSON.stringify({ ok: false, error }));
    expect(child.log).toContain('"environment":"early"');
  });

  test("started by hand says what to run instead", async () => {
    const alone = spawn(process.execPath, [program], { stdio: ["ignore", "inherit", "pipe"] });
    started.push(alone);
    let text = "";
    alone.stderr?.on("data", (chunk) => (text += String(chunk)));
    expect((await once(alone, "close"))[0]).toBe(64);
    expect(text).toContain("coflux server start");
  });
});
