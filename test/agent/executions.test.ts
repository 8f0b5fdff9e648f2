import { describe, expect, test } from "vitest";
import type { RelayedAgentMessage } from "../../src/protocol/executor-messages.ts";
import { createExecutions } from "../../src/agent/executions.ts";
import { OUTBOX_LIMIT_BYTES, OUTBOX_LOGS_LIMIT_BYTES, STOP_GRACE_MS } from "../../src/agent/limits.ts";

/** Executions whose pool and session only write down what they are asked. */
function desk(concurrency = 10) {
  const said: string[] = [];
  const overloads: boolean[] = [];
  let outboxBytes = 0;
  const executions = createExecutions({
    concurrency,
    pool: {
      start: ({ execution }) => said.push(`start ${execution}`),
      send: (execution, { kind }) => said.push(`${kind} to ${execution}`),
      abort: (execution, reason) => said.push(`abort ${execution}: ${reason}`),
      setWaiting: () => undefined,
      stopBusy: (withinMs) => said.push(`stop all within ${withinMs} ms`),
    },
    post: (message) => said.push(shown(message)),
    outboxBytes: () => outboxBytes,
    onOverload: (isOverloaded) => overloads.push(isOverloaded),
  });
  return {
    executions,
    overloads,
    fill: (bytes: number) => {
      outboxBytes = bytes;
      executions.checkLoad();
    },
    /** What happened since the last look. */
    said: () => said.splice(0),
  };
}

function shown(message: RelayedAgentMessage): string {
  if (message.kind === "outcome") return `outcome of ${message.execution}: ${JSON.stringify(message.outcome)}`;
  return "execution" in message && message.kind === "stopped" ? `stopped ${message.execution}` : message.kind;
}

const execute = (execution: string) =>
  ({ kind: "execute", execution, target: "flows/a", arguments: [], timeoutMs: null, isolation: "shared" }) as const;
const submit = (caller: string, request: number, isAwaited = true) =>
  ({ kind: "submit", request, caller, target: "flows/b", arguments: [], options: null, isAwaited }) as const;
const answer = (caller: string, request: number) =>
  ({ kind: "answer", request, caller, execution: "x", outcome: [3] }) as const;

describe("executions", () => {
  test("hand an answer on at once, unless its caller has to wait for a slot", () => {
    const { executions, said } = desk(1);
    executions.take(execute("a"));
    executions.relay(submit("a", 1));
    executions.take(execute("b"));
    expect(said()).toEqual(["start a", "submit", "start b"]);
    executions.take({ kind: "submitted", request: 9, caller: "a", execution: "y" });
    executions.take(answer("a", 1));
    expect(said()).toEqual(["submitted to a"]);
    executions.relay({ kind: "stopped", execution: "b" });
    expect(said()).toEqual(["stopped b", "answer to a"]);
  });

  test("a peek yields no slot, and its answer needs none", () => {
    const { executions, said } = desk(1);
    executions.take(execute("a"));
    executions.take(execute("b"));
    executions.relay({ kind: "await", request: 1, caller: "a", execution: "x", isPeek: true });
    executions.take(answer("a", 1));
    expect(said()).toEqual(["start a", "await", "answer to a"]);
  });

  test("that are abandoned together are each reported once, and no more is said of them", () => {
    const { executions, said } = desk(1);
    executions.take(execute("a"));
    executions.take(execute("b"));
    said();
    executions.stopAll("cut off", 500);
    expect(said()).toEqual([`outcome of a: [2,"cut off"]`, `outcome of b: [2,"cut off"]`, "stop all within 500 ms"]);
    executions.stopped("a");
    executions.stopped("a");
    executions.relay(submit("a", 1));
    executions.relay({ kind: "stopped", execution: "b" });
    expect(said()).toEqual(["stopped a"]);
    expect(executions.count()).toBe(0);
  });

  test("that are forgotten are stopped, and nothing is said of them", () => {
    const { executions, said } = desk();
    executions.take(execute("a"));
    said();
    executions.forgetAll();
    executions.abandoned("a", "its executor was killed");
    expect(said()).toEqual([`stop all within ${STOP_GRACE_MS} ms`]);
    expect(executions.count()).toBe(0);
  });

  test("a long reason is cut", () => {
    const { executions, said } = desk();
    executions.take(execute("a"));
    executions.abandoned("a", "x".repeat(100_000));
    expect(said()[1]?.length).toBeLessThan(20_000);
  });

  test("time out by the agent's word, and stay until their code has stopped", () => {
    const { executions, said } = desk(1);
    executions.take(execute("a"));
    executions.take(execute("b"));
    executions.timedOut("a");
    expect(said()).toEqual(["start a", "outcome of a: [4]"]);
    executions.stopped("a");
    expect(said()).toEqual(["stopped a", "start b"]);
  });
});

describe("while the server does not keep up", () => {
  test("nothing new starts, calls are refused, and it is said once", () => {
    const { executions, overloads, fill, said } = desk();
    executions.take(execute("a"));
    fill(OUTBOX_LIMIT_BYTES);
    fill(OUTBOX_LIMIT_BYTES + 1);
    executions.take(execute("b"));
    executions.relay(submit("a", 1));
    expect(said()).toEqual(["start a", "refused to a"]);
    fill(0);
    expect(said()).toEqual(["start b"]);
    expect(overloads).toEqual([true, false]);
  });

  test("log lines are given up before results are", () => {
    const { executions, fill, said } = desk();
    executions.take(execute("a"));
    said();
    executions.relay({ kind: "logs", entries: [] });
    fill(OUTBOX_LOGS_LIMIT_BYTES);
    executions.relay({ kind: "logs", entries: [] });
    executions.relay({
      kind: "outcome",
      execution: "a",
      outcome: [3],
      mayRetry: true,
      retryAfterMs: null,
      hasStopped: true,
    });
    expect(said()).toEqual(["logs", "outcome of a: [3]"]);
  });
});
