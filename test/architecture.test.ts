// The shape of the sources: who may import whom, no rings, no clock or chance where they are not given, no dead files.
import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { describe, expect, test } from "vitest";
import { readSources } from "./support/source-graph.ts";
import { cycles, deadFiles, importBreaches, worldlyBreaches } from "./support/source-rules.ts";
import type { ImportTable } from "./support/source-rules.ts";

/** No process imports another; they share base, protocol and process, and start each other by file path. */
const importTable: ImportTable = {
  "src/base": [],
  "src/protocol": ["src/base", "zod"],
  "src/process": ["src/base", "src/protocol", "node:*", "msgpackr", "pino"],
  "src/process/death-signal.ts": ["execa"],
  "src/process/sqlite-runtime.ts": ["node:*", "better-sqlite3"],
  "src/supervisor": ["src/base", "src/protocol", "src/process", "node:*", "execa", "better-sqlite3", "ws"],
  "src/gateway": ["src/base", "src/protocol", "src/process", "node:*", "hono", "@hono/node-server", "ws"],
  "src/orchestrator": ["src/base", "src/protocol", "src/process", "node:*"],
  "src/orchestrator/rules": ["src/base", "types of src/protocol"],
  "src/orchestrator/store": ["src/base", "src/protocol", "node:*", "better-sqlite3"],
  "src/orchestrator/views": ["src/base", "src/protocol", "src/orchestrator/store", "src/orchestrator/rules"],
  "src/agent": ["src/base", "src/protocol", "src/process", "node:*", "execa", "esbuild", "ws"],
  "src/executor": ["src/base", "src/protocol", "src/process", "src/sdk", "node:*", "@jridgewell/trace-mapping"],
  "src/executor/parameters.ts": ["src/executor", "src/protocol", "acorn"],
  "src/sdk": ["src/base", "src/protocol"],
  "src/sdk/context.ts": ["src/sdk", "src/base", "src/protocol", "node:async_hooks"],
  "src/cli": [
    "src/base",
    "src/protocol",
    "src/process",
    "src/sdk",
    "node:*",
    "commander",
    "esbuild",
    "picocolors",
    "ws",
  ],
};

/** Where a clock, timers, chance and environment variables may be taken from the world; all other code is given them. */
const worldlyFiles = [
  "src/*/main.ts", // Each process begins here, and hands the world on.
  "src/process/child-entry.ts", // The same for a child of the supervisor.
  "src/orchestrator/reader-worker.ts", // The same for the thread that reads.
  "src/process/real-clock.ts", // Is clock, timers and chance for all of them.
  "src/process/event-loop-lag.ts", // Measures how late the event loop of its process is.
  "src/sdk/client-world.ts", // Is the same for the client, which runs where no process of ours is.
  "src/cli/context.ts", // Reads the variables of the process, for every command.
  // Commands that print how long ago something was.
  "src/cli/commands/agents.ts",
  "src/cli/commands/environments.ts",
  "src/cli/commands/list-runs.ts",
  "src/cli/commands/projects.ts",
  "src/cli/commands/ps.ts",
  "src/cli/commands/show-run.ts",
  // Commands that follow a run.
  "src/cli/commands/tell-runs.ts",
  "src/cli/commands/watch-run.ts",
  // Commands that wait for the server and ask it again.
  "src/cli/commands/logs.ts",
  "src/cli/commands/own-agent.ts",
  "src/cli/commands/patiently.ts",
];

/** Files that are started or imported from outside; the build makes a bundle of each. */
const entries = ["src/*/main.ts", "src/**/*-worker.ts", "src/sdk/index.ts", "src/sdk/client.ts", "src/sdk/config.ts"];

const root = join(import.meta.dirname, "..");

function sourcesOnDisk(): Map<string, string> {
  const names = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  const paths = names.filter((name) => name.endsWith(".ts")).map((name) => `src/${name.split(sep).join("/")}`);
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), "utf8")]));
}

describe("the sources", () => {
  const files = readSources(sourcesOnDisk());

  test("import only what the import table allows", () => {
    expect(importBreaches(files, importTable)).toEqual([]);
  });

  test("have no import cycles", () => {
    expect(cycles(files)).toEqual([]);
  });

  test("take clock, timers, chance and environment as arguments", () => {
    expect(worldlyBreaches(files, worldlyFiles)).toEqual([]);
  });

  test.each(worldlyFiles)("take them from the world in %s, which is why it may", (pattern) => {
    const others = worldlyFiles.filter((other) => other !== pattern);
    expect(worldlyBreaches(files, others)).not.toEqual([]);
  });

  test("are all reached from an entry", () => {
    expect(deadFiles(files, entries)).toEqual([]);
  });
});

describe("a planted breach is found", () => {
  const planted = (sources: Record<string, string>) => readSources(new Map(Object.entries(sources)));

  test.each([
    ["src/gateway/a.ts", `import { b } from "../orchestrator/b.ts";`, "may not import src/orchestrator/b.ts"],
    ["src/gateway/a.ts", `import type { B } from "../agent/b.ts";`, "may not import types of src/agent/b.ts"],
    ["src/agent/a.ts", `export { b } from "../supervisor/b.ts";`, "may not import src/supervisor/b.ts"],
    ["src/agent/a.ts", `export * from "../executor/b.ts";`, "may not import src/executor/b.ts"],
    ["src/cli/a.ts", `await import("../supervisor/main.ts");`, "may not import src/supervisor/main.ts"],
    ["src/cli/a.ts", `type B = import("../gateway/b.ts").B;`, "may not import types of src/gateway/b.ts"],
    ["src/base/a.ts", `import { readFile } from "node:fs/promises";`, "may not import node:fs/promises"],
    ["src/sdk/index.ts", `import { AsyncLocalStorage } from "node:async_hooks";`, "may not import node:async_hooks"],
    ["src/orchestrator/rules/a.ts", `import { b } from "../store/b.ts";`, "may not import src/orchestrator/store/b.ts"],
    ["src/orchestrator/rules/a.ts", `import { b } from "../../protocol/b.ts";`, "may not import src/protocol/b.ts"],
    ["src/orchestrator/engine.ts", `import Database from "better-sqlite3";`, "may not import better-sqlite3"],
    ["src/gateway/a.ts", `import { z } from "zod/mini";`, "may not import zod"],
    ["src/utilities/a.ts", ``, "has no row in the import table"],
  ])("%s: %s", (path, text, breach) => {
    expect(importBreaches(planted({ [path]: text }), importTable)).toEqual([`${path} ${breach}`]);
  });

  test("a row lets through what it names, and its own folder", () => {
    const text = [
      `import type { B } from "../../protocol/b.ts";`,
      `import { c } from "../../base/c.ts";`,
      `import { d } from "./d.ts";`,
    ].join("\n");
    const context = `import { AsyncLocalStorage } from "node:async_hooks"; import { e } from "./errors.ts";`;
    const files = planted({ "src/orchestrator/rules/a.ts": text, "src/sdk/context.ts": context });
    expect(importBreaches(files, importTable)).toEqual([]);
  });

  test("a ring of three files, of which one link is a type", () => {
    const files = planted({
      "src/base/a.ts": `import { b } from "./b.ts";`,
      "src/base/b.ts": `import type { C } from "./c.ts";`,
      "src/base/c.ts": `export { a } from "./a.ts";`,
    });
    expect(cycles(files)).toEqual(["src/base/a.ts -> src/base/b.ts -> src/base/c.ts -> src/base/a.ts"]);
  });

  test.each([
    [`const now = Date.now();`, "Date.now"],
    [`const clock = Date.now;`, "Date.now"],
    [`const now = globalThis.Date.now();`, "Date.now"],
    [`const now = new Date();`, "new Date()"],
    [`const now = performance.now();`, "performance.now"],
    [`const now = process.hrtime.bigint();`, "process.hrtime"],
    [`const chance = Math.random();`, "Math.random"],
    [`const id = crypto.randomUUID();`, "crypto.randomUUID"],
    [`import { randomBytes as bytes } from "node:crypto";`, "crypto.randomBytes"],
    [`import { env } from "node:process";`, "process.env"],
    [`const home = process.env.HOME;`, "process.env"],
    [`const home = process.env["HOME"];`, "process.env"],
    [`setTimeout(() => {}, 1);`, "setTimeout"],
    [`globalThis.setInterval(() => {}, 1);`, "setInterval"],
    [`const timers = { setImmediate };`, "setImmediate"],
    [`import { setTimeout as sleep } from "node:timers/promises";`, "node:timers/promises"],
    [`const signal = AbortSignal.timeout(1);`, "AbortSignal.timeout"],
    [`import { realClock } from "../process/real-clock.ts";`, "src/process/real-clock.ts"],
  ])("%s", (text, name) => {
    const files = planted({ "src/agent/outbox.ts": text, "src/agent/main.ts": text });
    expect(worldlyBreaches(files, worldlyFiles)).toEqual([`src/agent/outbox.ts uses ${name}; take it as an argument`]);
  });

  test("what is given, named in a type or only written about is no breach", () => {
    const text = [
      `interface Timers { setTimeout(then: () => void, ms: number): unknown; now: typeof setInterval }`,
      `export const wait = (timers: Timers) => timers.setTimeout(() => {}, 1);`,
      `export const at = new Date(0), text = "Date.now()"; // Math.random()`,
    ].join("\n");
    expect(worldlyBreaches(planted({ "src/agent/outbox.ts": text }), worldlyFiles)).toEqual([]);
  });

  test("a file that only a dead file imports", () => {
    const files = planted({
      "src/agent/main.ts": `import { used } from "./used.ts"; await import("./later.ts");`,
      "src/agent/used.ts": ``,
      "src/agent/later.ts": ``,
      "src/agent/dead.ts": `import { deader } from "./deader.ts";`,
      "src/agent/deader.ts": ``,
    });
    expect(deadFiles(files, entries)).toEqual([
      "src/agent/dead.ts is reached from no entry",
      "src/agent/deader.ts is reached from no entry",
    ]);
  });
});
