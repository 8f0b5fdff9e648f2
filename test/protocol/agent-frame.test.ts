import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  AGENT_ENVELOPE_BYTES,
  agentFrameBody,
  encodeAgentFrame,
  frameKinds,
  readAgentEnvelope,
  writeAgentEnvelope,
} from "../../src/protocol/agent-frame.ts";

const uint48 = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const envelope = fc.record({
  kind: fc.constantFrom(...frameKinds),
  epoch: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  sequence: uint48,
  acknowledged: uint48,
});

describe("a frame", () => {
  test("is read as it was written, whatever its numbers and its body", () => {
    fc.assert(
      fc.property(envelope, fc.uint8Array({ maxLength: 100 }), (head, body) => {
        const frame = encodeAgentFrame(head, body);
        expect(frame).toHaveLength(AGENT_ENVELOPE_BYTES + body.length);
        expect(readAgentEnvelope(frame)).toEqual(head);
        expect(agentFrameBody(frame)).toEqual(body);
      }),
    );
  });

  test("that is sent again gets a new envelope over the same body", () => {
    fc.assert(
      fc.property(envelope, envelope, fc.uint8Array({ maxLength: 20 }), (first, second, body) => {
        const frame = encodeAgentFrame(first, body);
        writeAgentEnvelope(frame, second);
        expect(readAgentEnvelope(frame)).toEqual(second);
        expect(agentFrameBody(frame)).toEqual(body);
      }),
    );
  });

  test("is read in place, also where it lies in the middle of other bytes", () => {
    const head = { kind: "data", epoch: 1, sequence: 2, acknowledged: 3 } as const;
    const bytes = new Uint8Array(100);
    bytes.set(encodeAgentFrame(head, Uint8Array.of(9)), 41);
    const frame = bytes.subarray(41, 41 + AGENT_ENVELOPE_BYTES + 1);
    expect(readAgentEnvelope(frame)).toEqual(head);
    expect(agentFrameBody(frame)).toEqual(Uint8Array.of(9));
  });

  test("that is too short or of no known kind is none", () => {
    const frame = encodeAgentFrame({ kind: "control", epoch: 1, sequence: 0, acknowledged: 0 }, new Uint8Array(0));
    for (let length = 0; length < AGENT_ENVELOPE_BYTES; length++) {
      expect(readAgentEnvelope(frame.subarray(0, length))).toBeUndefined();
    }
    frame[0] = frameKinds.length;
    expect(readAgentEnvelope(frame)).toBeUndefined();
  });
});
