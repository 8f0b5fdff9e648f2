import { describe, expect, test } from "vitest";
import {
  agentCommands,
  agentControl,
  agentControlReplies,
  agentMessages,
  decodeAgentCommand,
  decodeAgentControl,
  decodeAgentControlReply,
  decodeAgentMessage,
  encodeAgentCommand,
  encodeAgentControl,
  encodeAgentControlReply,
  encodeAgentMessage,
} from "../../src/protocol/agent-messages.ts";
import type { AgentCommand, AgentControl, AgentControlReply, AgentMessage } from "../../src/protocol/agent-messages.ts";
import { noOptions } from "../../src/protocol/manifest.ts";
import { type Catalog, decoder, message } from "../../src/protocol/message.ts";
import type { Value } from "../../src/protocol/values.ts";
import { flag, integer } from "../../src/protocol/shape.ts";
import { pack, unpack } from "../../src/process/pack.ts";

const execution = "Rbcdfghjk:1:1";
const plain: Value = { kind: "inline", data: "1", references: [] };
const rich: Value = {
  kind: "inline",
  data: '{"$":"ref","v":0}',
  references: [
    { kind: "execution", id: execution, target: "flows/main" },
    { kind: "asset", id: "Abc" },
    { kind: "blob", key: "a".repeat(64), size: 3 },
  ],
};
const blob: Value = { kind: "blob", key: "b".repeat(64), size: 40_000, references: [] };
const options = {
  retries: { limit: null, backoffMinMs: 0, backoffMaxMs: 9 },
  timeoutMs: 1,
  delayMs: null,
  priority: -1,
  isolation: "process",
} as const;
const error = {
  type: "TypeError",
  message: "no",
  stack: "at x",
  frames: [{ function: "f", file: "a.ts", line: 1, column: 2, code: "f()", inApp: true }],
  value: plain,
  cause: { type: "Error", message: "why", stack: "", frames: [], value: null, cause: null, errors: null },
  errors: [],
};

const controls: AgentControl[] = [
  {
    kind: "hello",
    protocol: 1,
    session: null,
    secret: null,
    acknowledged: 0,
    known: [execution],
    agent: { pid: 1, host: "h", version: "1", node: "20" },
  },
  { kind: "ping", sequence: 7 },
];
const replies: AgentControlReply[] = [
  { kind: "challenge", epoch: 4_294_967_295 },
  { kind: "welcome", session: "S", secret: "x", lastSequence: 5, leaseMs: 60_000 },
  { kind: "reject", code: "session_unknown", message: "gone" },
  { kind: "pong", sequence: 7 },
];
const target = { name: "main", type: "workflow", description: null, parameters: [], options: noOptions } as const;
const messages: AgentMessage[] = [
  {
    kind: "declare",
    concurrency: 1,
    provides: { gpu: ["a"] },
    repositories: [{ name: "flows", version: "1", targets: [target] }],
  },
  {
    kind: "submit",
    request: 1,
    caller: execution,
    target: "flows/t",
    arguments: [plain, rich, blob],
    options,
    isAwaited: true,
  },
  { kind: "await", request: 2, caller: execution, execution, isPeek: false },
  { kind: "unawait", request: 2, caller: execution },
  { kind: "cancel", request: 3, caller: execution, executions: [execution] },
  { kind: "started", execution },
  { kind: "outcome", execution, outcome: { kind: "failed", error }, mayRetry: true, retryAfterMs: 5, hasStopped: true },
  { kind: "stopped", execution },
  { kind: "logs", entries: [{ execution, sequence: 1, timestamp: 5, level: 2, template: "{a}", values: '{"a":1}' }] },
  { kind: "draining" },
];
const commands: AgentCommand[] = [
  { kind: "execute", execution, target: "flows/t", arguments: [rich], timeoutMs: null, isolation: "shared" },
  { kind: "submitted", request: 1, caller: execution, execution },
  { kind: "refused", request: 1, caller: execution, code: "target_not_found", message: "no" },
  { kind: "answer", request: 1, caller: execution, execution, outcome: { kind: "succeeded", value: blob } },
  { kind: "answer", request: 1, caller: execution, execution, outcome: { kind: "abandoned", reason: "lost" } },
  { kind: "answer", request: 1, caller: execution, execution, outcome: { kind: "cancelled" } },
  { kind: "answer", request: 1, caller: execution, execution, outcome: { kind: "timed_out" } },
  { kind: "answer", request: 1, caller: execution, execution, outcome: null },
  { kind: "done", request: 3, caller: execution },
  { kind: "abort", execution, reason: "timed_out" },
  { kind: "drain" },
];

/** One catalogue with its two functions, over plain data. */
interface Direction {
  readonly catalog: Catalog;
  readonly samples: readonly { readonly kind: string }[];
  readonly roundTrip: (index: number) => unknown;
  readonly decode: (input: unknown) => unknown;
}

const overTheWire = (packed: unknown): unknown => unpack(Uint8Array.from(pack(packed)));

function direction<M extends { readonly kind: string }>(
  catalog: Catalog,
  samples: readonly M[],
  encode: (message: M) => unknown[],
  decode: (input: unknown) => M,
): Direction {
  const roundTrip = (index: number): unknown => {
    const sample = samples[index];
    if (sample === undefined) throw new Error("no such sample");
    return decode(overTheWire(encode(sample)));
  };
  return { catalog, samples, roundTrip, decode };
}

describe.each([
  [
    "agent to orchestrator, about the connection",
    direction(agentControl, controls, encodeAgentControl, decodeAgentControl),
  ],
  [
    "orchestrator to agent, about the connection",
    direction(agentControlReplies, replies, encodeAgentControlReply, decodeAgentControlReply),
  ],
  ["agent to orchestrator", direction(agentMessages, messages, encodeAgentMessage, decodeAgentMessage)],
  ["orchestrator to agent", direction(agentCommands, commands, encodeAgentCommand, decodeAgentCommand)],
])("%s", (_, { catalog, samples, roundTrip, decode }) => {
  test("every message arrives as it was sent", () => {
    for (const [index, sample] of samples.entries()) expect(roundTrip(index)).toEqual(sample);
    expect(new Set(samples.map(({ kind }) => kind))).toEqual(new Set(Object.keys(catalog)));
  });

  test("no two kinds share a code", () => {
    const codes = Object.values(catalog).map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
  });

  test.each([[[99]], [["1"]], [[]], [{}], [null], ["text"], [[Number.NaN]]])("%j is no message", (input) => {
    expect(() => decode(input)).toThrow(/is not/);
  });
});

describe("a message", () => {
  test("is an array that begins with its code and has its fields in order", () => {
    expect(encodeAgentMessage({ kind: "unawait", request: 2, caller: "R:1:1" })).toEqual([4, 2, "R:1:1"]);
  });

  test("with more fields than are known is read: a later version may add some", () => {
    const decode = decoder({ say: message(1, { loud: flag }) });
    expect(decode([1, true, "later"])).toEqual({ kind: "say", loud: true });
  });

  test("says which field is wrong", () => {
    const decode = decoder({ say: message(1, { count: integer(0, 3) }) });
    expect(() => decode([1, 4])).toThrow("say.count is not a whole number from 0 to 3");
  });
});
