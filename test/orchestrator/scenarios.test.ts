// Runs every script of test/scenarios and compares what happened with what stands below each of its lines. The language: scenario-script.ts.
// After a deliberate change: npx vitest run test/orchestrator/scenarios.test.ts -u, and read the difference.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { Command } from "../../src/orchestrator/command.ts";
import { defaultLimits } from "../../src/orchestrator/limits.ts";
import type { TargetDefinition } from "../../src/protocol/manifest.ts";
import { executionFacts, runFacts } from "./environment-rows.ts";
import { type EngineUnderTest, openEngine } from "./open-engine.ts";
import { commandOf, targetOf, wordsOf } from "./scenario-script.ts";
import { START, effectLines, executionLine, verdictLine } from "./scenario-trace.ts";

const directory = join(import.meta.dirname, "../scenarios");
const files = readdirSync(directory).filter((name) => name.endsWith(".txt"));

/** One script under way: its engine, its clock, its names, and the trace so far. */
class Scenario {
  readonly trace: string[] = [];
  #limits = { ...defaultLimits };
  #under: EngineUnderTest | undefined;
  #now = START;
  #version = 0;
  readonly #targets: TargetDefinition[] = [];
  readonly #agents = new Map<string, { readonly session: string; readonly secret: string }>();
  #shown = new Map<string, string>();

  line(text: string): void {
    this.trace.push(text);
    const words = wordsOf(text);
    const [verb = "", subject = ""] = words.plain;
    if (verb.startsWith("+")) return this.#wait(Number(verb.slice(1)));
    if (verb === "limits") {
      for (const [name, value] of Object.entries(words.options)) {
        this.#limits = { ...this.#limits, [name]: Number(value) };
      }
    } else if (verb === "target") this.#targets.push(targetOf(words));
    else if (verb === "agent") this.#connect(subject, Number(words.options["concurrency"]));
    else if (verb === "restart") this.#restart();
    else if (words.plain[1] === "declare") this.#declare(verb, Number(words.options["concurrency"]));
    else if (words.plain[1] === "forgets") this.#forget(words.plain[2] ?? "");
    else this.#execute(text.split(" & ").map((part) => this.#commandOf(part)));
  }

  close(): void {
    this.#under?.close();
  }

  get #engine(): EngineUnderTest {
    this.#under ??= openEngine(this.#limits);
    return this.#under;
  }

  #commandOf(text: string): Command {
    return commandOf(
      wordsOf(text),
      (name) => this.#real(name),
      (agent) => this.#agents.get(agent),
    );
  }

  #connect(name: string, concurrency: number): void {
    const agent = { pid: 1, host: "test", version: "0", node: "20" };
    const [opened] = this.#execute([{ kind: "open-session", agent }]);
    if (!opened?.ok || opened.value === null || !("secret" in opened.value)) return;
    this.#agents.set(name, opened.value);
    this.#declare(name, concurrency);
  }

  #declare(name: string, concurrency: number): void {
    const session = this.#agents.get(name)?.session ?? name;
    const version = String(++this.#version);
    const repositories = [{ name: "flows", version, targets: this.#targets.slice() }];
    this.#execute([{ kind: "declare", session, concurrency, provides: {}, repositories }]);
  }

  /** Agents no longer have this target when they declare next. */
  #forget(name: string): void {
    const index = this.#targets.findIndex((target) => target.name === name);
    this.#targets.splice(index, 1);
  }

  #restart(): void {
    this.#engine.restart();
    this.#execute([{ kind: "recover" }]);
  }

  /** Lets time pass, and wakes the engine as its timer would. */
  #wait(ms: number): void {
    this.#now += ms;
    this.#execute([{ kind: "expire-due" }]);
  }

  #execute(commands: readonly Command[]) {
    const { engine } = this.#engine;
    const lines: string[] = [];
    let verdicts: ReturnType<typeof engine.execute>["verdicts"] = [];
    try {
      const executed = engine.execute(commands, this.#now);
      verdicts = executed.verdicts;
      lines.push(...verdicts.flatMap((verdict) => verdictLine(verdict) ?? []), ...effectLines(executed.effects));
    } catch (error) {
      lines.push(String(error));
    }
    lines.push(...this.#changedRows());
    this.trace.push(...lines.map((line) => `    ${this.#named(line)}`));
    expect(this.#engine.bugs).toEqual([]);
    return verdicts;
  }

  #changedRows(): string[] {
    const { db } = this.#engine;
    const executions = executionFacts(db, this.#now, this.#limits.waitingPerSession);
    const nameOf = (id: number): string => executions.find((execution) => execution.id === id)?.executionId ?? "?";
    const lines = new Map(runFacts(db).map(({ runId, status }) => [runId, `${runId} ${status}`]));
    for (const execution of executions) lines.set(execution.executionId, executionLine(execution, nameOf));
    const changed = [...lines].filter(([id, line]) => this.#shown.get(id) !== line).map(([, line]) => line);
    this.#shown = lines;
    return changed;
  }

  /** Ids of this run of the script, in the names of the script. */
  #named(line: string): string {
    let named = line;
    for (const [index, { runId }] of runFacts(this.#engine.db).entries())
      named = named.replaceAll(runId, `R${index + 1}`);
    for (const [name, { session }] of this.#agents) named = named.replaceAll(session, name);
    return named;
  }

  #real(name: string): string {
    const [, index, rest = ""] = /^R(\d+)(.*)$/.exec(name) ?? [];
    const run = runFacts(this.#engine.db)[Number(index) - 1];
    return run === undefined ? name : run.runId + rest;
  }
}

describe("scenarios", () => {
  let scenario: Scenario | undefined;
  afterEach(() => scenario?.close());

  test.each(files)("%s", async (file) => {
    const path = join(directory, file);
    scenario = new Scenario();
    for (const line of readFileSync(path, "utf8").split("\n")) {
      if (line.startsWith(" ")) continue; // What happened the last time.
      if (line === "" || line.startsWith("#")) scenario.trace.push(line);
      else scenario.line(line);
    }
    await expect(scenario.trace.join("\n")).toMatchFileSnapshot(path);
  });
});
