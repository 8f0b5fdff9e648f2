import { createHash } from "node:crypto";
import type { Outcome } from "../../src/protocol/outcome.ts";
import { encodeError } from "../../src/protocol/value-format/wire-error.ts";
import { runInExecution } from "../../src/sdk/context.ts";
import { declarationOf, bindTarget } from "../../src/sdk/target.ts";
import { decodeArguments, encodeResult } from "../../src/sdk/execution.ts";
import type { ExecutionContext, ExecutionRuntime, LogLevel, SubmitRequest } from "../../src/sdk/runtime.ts";
import type { Value } from "../../src/protocol/values.ts";

/** An executor's side of the border, in memory: it runs the targets it is given, and keeps what it was asked for. */
export interface Recorded {
  readonly runtime: ExecutionRuntime;
  readonly requests: { readonly kind: "submit" | "call"; readonly request: SubmitRequest }[];
  readonly cancelled: string[][];
  readonly logs: [LogLevel, string, unknown][];
  readonly blobs: Map<string, Uint8Array>;
  /** Lets what was submitted get its id, in the order of submission. Until then `submit` hangs, if `holdsIds`. */
  readonly releaseIds: () => void;
}

type Module = Readonly<Record<string, unknown>>;

export function recordingRuntime(module: Module, { holdsIds = false } = {}): Recorded {
  const targets = new Map<string, (...parameters: never[]) => unknown>();
  for (const [name, exported] of Object.entries(module)) {
    const declaration = declarationOf(exported);
    if (declaration === undefined) continue;
    bindTarget(declaration, "flows", name);
    targets.set(declaration.path ?? "", declaration.fn);
  }
  const requests: Recorded["requests"] = [];
  const cancelled: string[][] = [];
  const logs: Recorded["logs"] = [];
  const blobs = new Map<string, Uint8Array>();
  const outcomes = new Map<string, Promise<Outcome>>();
  let release = (): void => {};
  const ids = holdsIds ? new Promise<void>((resolve) => (release = resolve)) : Promise.resolve();

  const begin = (kind: "submit" | "call", request: SubmitRequest): string => {
    requests.push({ kind, request });
    const id = `Rbcdfgh:${requests.length + 1}:1`;
    outcomes.set(id, run(request));
    return id;
  };
  const run = async ({ target, arguments: values }: SubmitRequest): Promise<Outcome> => {
    const fn = targets.get(target);
    if (fn === undefined) throw new Error(`no ${target}`);
    try {
      const parameters = await decodeArguments(values, runtime.blobs);
      const value: unknown = await runInExecution(runtime, () => Reflect.apply(fn, undefined, parameters));
      return { kind: "succeeded", value: await encodeResult(value, runtime.blobs) };
    } catch (error) {
      return { kind: "failed", error: encodeError(error) };
    }
  };
  const outcomeOf = (id: string): Promise<Outcome> => outcomes.get(id) ?? Promise.reject(new Error(`no ${id}`));

  const runtime: ExecutionRuntime = {
    context: testContext(),
    submit(request) {
      const id = begin("submit", request);
      return ids.then(() => id);
    },
    async call(request) {
      const execution = begin("call", request);
      return { execution, outcome: await outcomeOf(execution) };
    },
    result: outcomeOf,
    poll: async (id, timeoutMs) => (timeoutMs === 0 ? null : await outcomeOf(id)),
    async cancel(executions) {
      cancelled.push([...executions]);
    },
    handOut: (promise) => void promise.catch(() => undefined),
    log: (level, template, values) => logs.push([level, template, values]),
    blobs: {
      async get(key) {
        const bytes = blobs.get(key);
        if (bytes === undefined) throw new Error(`no blob ${key}`);
        return bytes;
      },
      async put(bytes) {
        const key = createHash("sha256").update(bytes).digest("hex");
        blobs.set(key, bytes);
        return { key, size: bytes.byteLength };
      },
    },
  };
  return { runtime, requests, cancelled, logs, blobs, releaseIds: () => release() };
}

function testContext(): ExecutionContext {
  return {
    runId: "Rbcdfgh",
    stepId: "Rbcdfgh:1",
    executionId: "Rbcdfgh:1:2",
    attempt: 2,
    target: "flows/main",
    project: "default",
    environment: "development",
    signal: new AbortController().signal,
    directory: "/nowhere",
  };
}

/** A runtime whose every question has this outcome. */
export function runtimeWithOutcome(outcome: Outcome): ExecutionRuntime {
  const { runtime } = recordingRuntime({});
  return { ...runtime, call: async () => ({ execution: "Rbcdfgh:2:3", outcome }), result: async () => outcome };
}

/** The plain JSON of inline values. */
export function dataOf(values: readonly Value[]): unknown[] {
  return values.map((value) => (value.kind === "inline" ? JSON.parse(value.data) : value.key));
}
