import { describe, expect, test } from "vitest";
import { agentFrameBody } from "../../src/protocol/agent-frame.ts";
import { type AgentMessage, decodeAgentMessage } from "../../src/protocol/agent-messages.ts";
import { FRAME_LIMIT_BYTES } from "../../src/protocol/limits.ts";
import { createOutbox } from "../../src/agent/outbox.ts";
import { unpack } from "../../src/process/pack.ts";

const started = (number: number) => ({ kind: "started", execution: `R:${number}:1` }) as const;
const succeeded = (number: number, data: string) =>
  ({
    kind: "outcome",
    execution: `R:${number}:1`,
    outcome: [0, data],
    mayRetry: true,
    retryAfterMs: null,
    hasStopped: true,
  }) as const;

function messagesIn(frame: { readonly bytes: Uint8Array } | undefined): AgentMessage[] {
  const list = frame === undefined ? [] : unpack(agentFrameBody(frame.bytes));
  return Array.isArray(list) ? list.map(decodeAgentMessage) : [];
}

describe("the outbox", () => {
  test("puts everything that was added into one frame with the next number", () => {
    const outbox = createOutbox();
    outbox.add(started(1));
    outbox.add(started(2));
    expect(outbox.nextSequence()).toBe(1);
    const [frame, ...others] = outbox.seal();
    expect(others).toEqual([]);
    expect(frame?.sequence).toBe(1);
    expect(messagesIn(frame)).toEqual([started(1), started(2)]);
    expect(outbox.seal()).toEqual([]);
    expect(outbox.nextSequence()).toBe(2);
  });

  test("keeps frames until they are acknowledged, and counts their bytes", () => {
    const outbox = createOutbox();
    for (const number of [1, 2, 3]) {
      outbox.add(started(number));
      outbox.seal();
    }
    const bytes = outbox.bytes();
    expect(outbox.acknowledge(2).map(({ sequence }) => sequence)).toEqual([1, 2]);
    expect(outbox.unacknowledged().map(({ sequence }) => sequence)).toEqual([3]);
    expect(outbox.bytes()).toBeLessThan(bytes);
    expect(outbox.lastAcknowledged()).toBe(2);
    expect(outbox.acknowledge(2)).toEqual([]);
    expect(outbox.acknowledge(3)).toHaveLength(1);
    expect(outbox.bytes()).toBe(0);
  });

  test("tells which executions a frame ends", () => {
    const outbox = createOutbox();
    outbox.add(started(1));
    outbox.add(succeeded(2, "1"));
    outbox.add({ kind: "stopped", execution: "R:3:1" });
    expect(outbox.seal().map(({ ended }) => ended)).toEqual([["R:2:1", "R:3:1"]]);
  });

  test("splits what does not fit into one frame, in order", () => {
    const outbox = createOutbox();
    const messages = Array.from({ length: 100 }, (_, index) => succeeded(index, "x".repeat(30_000)));
    for (const message of messages) outbox.add(message);
    const frames = outbox.seal();
    expect(frames.length).toBeGreaterThan(2);
    expect(Math.max(...frames.map(({ bytes }) => bytes.byteLength))).toBeLessThanOrEqual(FRAME_LIMIT_BYTES);
    expect(frames.map(({ sequence }) => sequence)).toEqual(frames.map((_, index) => index + 1));
    const ids = frames.flatMap(messagesIn).map((message) => (message.kind === "outcome" ? message.execution : ""));
    expect(ids).toEqual(messages.map(({ execution }) => execution));
    expect(frames.flatMap(({ ended }) => ended)).toEqual(ids);
  });

  test("is empty only when nothing waits to be sent or acknowledged", () => {
    const outbox = createOutbox();
    expect(outbox.isEmpty()).toBe(true);
    outbox.add(started(1));
    expect(outbox.isEmpty()).toBe(false);
    outbox.seal();
    expect(outbox.isEmpty()).toBe(false);
    outbox.acknowledge(1);
    expect(outbox.isEmpty()).toBe(true);
  });

  test("counts from 1 again for a new session", () => {
    const outbox = createOutbox();
    outbox.add(started(1));
    outbox.seal();
    outbox.add(started(2));
    outbox.reset();
    expect(outbox.seal()).toEqual([]);
    expect([outbox.bytes(), outbox.nextSequence(), outbox.lastAcknowledged()]).toEqual([0, 1, 0]);
  });

  test("stays right over many frames and acknowledgements", () => {
    const outbox = createOutbox();
    for (let number = 1; number <= 500; number++) {
      outbox.add(started(number));
      outbox.seal();
      if (number % 7 === 0) outbox.acknowledge(number - 3);
      const [first] = outbox.unacknowledged();
      expect(first?.sequence).toBe(outbox.lastAcknowledged() + 1);
      expect(outbox.unacknowledged()).toHaveLength(number - outbox.lastAcknowledged());
    }
  });
});
