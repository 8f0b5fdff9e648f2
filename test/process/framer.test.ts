import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createFramer } from "../../src/process/framer.ts";

const LIMIT = 1_000;

function framed(...payloads: readonly string[]): Buffer {
  return Buffer.concat(
    payloads.map((payload) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(Buffer.byteLength(payload));
      return Buffer.concat([length, Buffer.from(payload)]);
    }),
  );
}

/** What comes out when the bytes arrive in pieces cut at these places. */
function framesOf(bytes: Buffer, cuts: readonly number[]): string[] {
  const framer = createFramer(LIMIT);
  const frames: string[] = [];
  let last = 0;
  for (const cut of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
    framer.push(Buffer.from(bytes.subarray(last, cut)), (frame) => frames.push(frame.toString()));
    last = cut;
  }
  return frames;
}

describe("frames", () => {
  const payloads = ["first", "", "x", "a longer one with ä and more"];
  const bytes = framed(...payloads);

  test("come out whole wherever the stream was cut, once or twice", () => {
    for (let first = 0; first <= bytes.length; first++) {
      expect(framesOf(bytes, [first])).toEqual(payloads);
      for (let second = first; second <= bytes.length; second++) {
        expect(framesOf(bytes, [first, second])).toEqual(payloads);
      }
    }
  });

  test("come out whole byte by byte", () => {
    expect(framesOf(bytes, Array.from(bytes.keys()))).toEqual(payloads);
  });

  test("come out in order, whatever they hold and however they arrive", () => {
    const anyPayloads = fc.array(fc.string({ maxLength: 200 }), { maxLength: 20 });
    fc.assert(
      fc.property(anyPayloads, fc.array(fc.nat({ max: 5_000 })), (sent, cuts) => {
        const stream = framed(...sent);
        expect(
          framesOf(
            stream,
            cuts.map((cut) => cut % (stream.length + 1)),
          ),
        ).toEqual(sent);
      }),
    );
  });

  test("come out as soon as their last byte is there", () => {
    const framer = createFramer(LIMIT);
    const frames: string[] = [];
    const onFrame = (frame: Buffer): void => void frames.push(frame.toString());
    framer.push(bytes.subarray(0, 8), onFrame);
    expect(frames).toEqual([]);
    framer.push(bytes.subarray(8, 9), onFrame);
    expect(frames).toEqual(["first"]);
  });

  test.each([
    ["over the limit", LIMIT + 1],
    ["the largest there is", 0xffff_ffff],
  ])("with a length %s end the stream before anything is kept for them", (_, length) => {
    const head = Buffer.alloc(4);
    head.writeUInt32BE(length);
    const framer = createFramer(LIMIT);
    expect(() => framer.push(head, () => undefined)).toThrow(
      `a frame of ${length} bytes is over the limit of ${LIMIT}`,
    );
  });

  test("as long as the limit are let through", () => {
    const payload = "x".repeat(LIMIT);
    expect(framesOf(framed(payload), [])).toEqual([payload]);
  });
});
