import type { Command } from "../../src/orchestrator/command.ts";
import type { Outcome } from "../../src/protocol/outcome.ts";
import { type TargetDefinition, type TargetOptions, noOptions } from "../../src/protocol/manifest.ts";
import type { Value } from "../../src/protocol/values.ts";

// The language of test/scenarios/*.txt. A line is a verb, its arguments, and options as `name=value`:
//
//   target <name> <type> [retries=limit[,min,max]] [timeout=ms] [delay=ms] [priority=n] [parameters=n] [optional=n]   what agents declare from now on
//   agent <A> concurrency=<n>                          opens a session and declares
//   <A> forgets <target>                               agents no longer have it when they declare next
//   limits name=value…    restart    +<ms>             other limits; the server's process starts again; time passes
//   run <target> [values…] [key=…] [delay=ms] [priority=n]
//   <A> submit <caller> <request> <target> [values…] [await]
//   <A> await <caller> <request> <execution> [peek]    <A> unawait <caller> <request>    <A> cancel <caller> <request> <executions…>
//   <A> outcome <execution> succeeded <value> | failed <message> | abandoned <reason> | cancelled | timed_out  [running] [final] [after=ms]
//   <A> started <execution>    <A> stopped <execution>    <A> log <execution> <sequence> <text>
//   <A> disconnect | expire | drain | draining | frame <n> | resume [known=execution,…] [acknowledged=n] | declare concurrency=<n>
//   cancel-run <run>    cancel-execution <execution>    rerun <step>    pause    resume    archive
//
// Runs are called R1, R2, … in the order in which they were made, so the first execution of the first run is R1:1:1.

export interface Words {
  readonly plain: readonly string[];
  readonly options: Readonly<Record<string, string>>;
}

export function wordsOf(line: string): Words {
  const words = line.trim().split(/\s+/);
  const isOption = (word: string): boolean => /^[a-zA-Z]+=/.test(word);
  const options = Object.fromEntries(words.filter(isOption).map((word) => word.split("=", 2)));
  return { plain: words.filter((word) => !isOption(word)), options };
}

export const inline = (data: string): Value => ({ kind: "inline", data, references: [] });

export function targetOf({ plain, options }: Words): TargetDefinition {
  const [, name = "", type] = plain;
  if (type !== "workflow" && type !== "task" && type !== "sensor") throw new Error(`no type of target: ${type}`);
  const count = Number(options["parameters"] ?? 1);
  const parameters = Array.from({ length: count }, (_, index) => ({
    name: `p${index}`,
    isOptional: index >= count - Number(options["optional"] ?? 0),
    isRest: false,
  }));
  return { name, type, description: null, parameters, options: optionsOf(options) };
}

function optionsOf(options: Words["options"]): TargetOptions {
  const number = (name: string): number | null => (options[name] === undefined ? null : Number(options[name]));
  const [limit, min = 0, max = min] = (options["retries"] ?? "").split(",").map(Number);
  const isolation = options["isolation"] === "process" ? "process" : null;
  const retries = { limit: limit ?? 0, backoffMinMs: min, backoffMaxMs: max };
  return {
    ...noOptions,
    isolation,
    retries: options["retries"] === undefined ? null : retries,
    timeoutMs: number("timeout"),
    delayMs: number("delay"),
    priority: number("priority"),
  };
}

/** What a line asks of the engine. `real` turns the names of a script into ids, `sessionOf` the name of an agent into its session. */
export function commandOf(
  words: Words,
  real: (name: string) => string,
  sessionOf: (agent: string) => { readonly session: string; readonly secret: string } | undefined,
): Command {
  const { plain, options } = words;
  const [first = "", second = ""] = plain;
  const agent = sessionOf(first);
  if (agent !== undefined) return agentCommandOf({ plain: plain.slice(1), options }, real, agent);
  switch (first) {
    case "run": {
      const overrides = optionsOf(options);
      const isPlain = Object.values(overrides).every((value) => value === null);
      const call = { target: `flows/${second}`, arguments: plain.slice(2).map(inline) };
      return {
        kind: "start-run",
        ...call,
        options: isPlain ? null : overrides,
        idempotencyKey: options["key"] ?? null,
      };
    }
    case "cancel-run":
      return { kind: "cancel-run", run: real(second) };
    case "cancel-execution":
      return { kind: "cancel-execution", execution: real(second) };
    case "rerun":
      return { kind: "rerun-step", step: real(second) };
    case "pause":
    case "resume":
    case "archive":
      return { kind: first };
    default:
      throw new Error(`no such verb: ${first}`);
  }
}

function agentCommandOf(
  { plain, options }: Words,
  real: (name: string) => string,
  { session, secret }: { readonly session: string; readonly secret: string },
): Command {
  const [verb = "", subject = "", third = "", ...rest] = plain;
  const request = { session, caller: real(subject), request: Number(third) };
  switch (verb) {
    case "submit": {
      const isAwaited = rest.includes("await");
      const [name = "", ...values] = rest.filter((word) => word !== "await");
      const call = { target: `flows/${name}`, arguments: values.map(inline), options: null };
      return { kind: "submit-call", ...request, ...call, isAwaited };
    }
    case "await":
      return { kind: "await-execution", ...request, execution: real(rest[0] ?? ""), isPeek: rest.includes("peek") };
    case "unawait":
      return { kind: "unawait", ...request };
    case "cancel":
      return { kind: "cancel-executions", ...request, executions: rest.map(real) };
    case "outcome": {
      const retryAfterMs = options["after"] === undefined ? null : Number(options["after"]);
      const facts = { mayRetry: !rest.includes("final"), retryAfterMs, hasStopped: !rest.includes("running") };
      return {
        kind: "report-outcome",
        session,
        execution: real(subject),
        outcome: outcomeOf(third, rest[0] ?? ""),
        ...facts,
      };
    }
    case "started":
      return { kind: "report-started", session, execution: real(subject) };
    case "stopped":
      return { kind: "report-stopped", session, execution: real(subject) };
    case "log": {
      const line = { sequence: Number(third), timestamp: 0, level: 2, template: rest.join(" "), values: null };
      return { kind: "record-logs", session, entries: [{ execution: real(subject), ...line }] };
    }
    case "disconnect":
      return { kind: "disconnect-session", session };
    case "expire":
      return { kind: "expire-session", session };
    case "drain":
      return { kind: "drain-session", session };
    case "draining":
      return { kind: "session-draining", session };
    case "frame":
      return { kind: "advance-session", session, sequence: Number(subject) };
    case "resume": {
      const known = (options["known"] ?? "").split(",").filter(Boolean).map(real);
      return { kind: "resume-session", session, secret, known, acknowledged: Number(options["acknowledged"] ?? 0) };
    }
    default:
      throw new Error(`no such verb of an agent: ${verb}`);
  }
}

function outcomeOf(kind: string, detail: string): Outcome {
  switch (kind) {
    case "succeeded":
      return { kind, value: inline(detail) };
    case "failed":
      return {
        kind,
        error: { type: "Error", message: detail, stack: "", frames: [], value: null, cause: null, errors: null },
      };
    case "abandoned":
      return { kind, reason: detail };
    case "cancelled":
    case "timed_out":
      return { kind };
    default:
      throw new Error(`no such outcome: ${kind}`);
  }
}
