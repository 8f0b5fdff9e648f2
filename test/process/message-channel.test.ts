import { Duplex, PassThrough } from "node:stream";
import { describe, expect, test } from "vitest";
import { type MessageChannel, createMessageChannel } from "../../src/process/message-channel.ts";
import { packLists } from "../../src/process/message-lists.ts";
import { unpack } from "../../src/process/pack.ts";

/** A channel whose other end is the test: what it wrote, what it heard, and the end of the turn when the test says so. */
function rig(limitBytes = 1_000) {
  const fromChannel: Buffer[] = [];
  const toChannel = new PassThrough();
  const stream = Duplex.from({
    readable: toChannel,
    writable: new PassThrough().on("data", (chunk) => fromChannel.push(chunk)),
  });
  const turns: (() => void)[] = [];
  const heard: unknown[][] = [];
  const closed: string[] = [];
  const channel: MessageChannel = createMessageChannel(stream, {
    limitBytes,
    endOfTurn: (run) => turns.push(run),
    decode: (input) => {
      if (input === "bad") throw new Error("it is bad");
      return input;
    },
    onMessages: (messages) => heard.push([...messages]),
    onClose: (reason) => closed.push(reason),
  });
  return { channel, toChannel, turns, heard, closed, written: () => Buffer.concat(fromChannel) };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function framesOf(...messages: unknown[]): Promise<Buffer> {
  const { channel, written } = rig();
  for (const message of messages) channel.send(message);
  channel.flush();
  await settled();
  return written();
}

describe("a message channel", () => {
  test("sends everything of one turn as one list, when the turn is over", async () => {
    const { channel, turns, written } = rig();
    channel.send([1]);
    channel.send([2]);
    await settled();
    expect(written()).toHaveLength(0);
    expect(turns).toHaveLength(1);
    turns[0]?.();
    await settled();
    expect(unpack(written().subarray(4))).toEqual([[1], [2]]);
  });

  test("sends at once what must not wait, and nothing twice", async () => {
    const { channel, turns, written } = rig();
    channel.send([1]);
    channel.flush();
    turns[0]?.();
    await settled();
    expect(unpack(written().subarray(4))).toEqual([[1]]);
  });

  test("hears lists wherever the stream was cut", async () => {
    const bytes = Buffer.concat([await framesOf([1], [2]), await framesOf(["three"])]);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const { toChannel, heard } = rig();
      toChannel.write(bytes.subarray(0, cut));
      await settled();
      toChannel.write(bytes.subarray(cut));
      await settled();
      await settled();
      expect(heard.flat()).toEqual([[1], [2], ["three"]]);
    }
  });

  test.each([
    ["a list longer than the limit", Buffer.from([0, 1, 0, 0])],
    ["what is not packed", Buffer.from([0, 0, 0, 1, 0xc1])],
    ["what is no list", Buffer.from([0, 0, 0, 1, 1])],
  ])("ends with %s", async (_what, bytes) => {
    const { toChannel, closed } = rig();
    toChannel.write(bytes);
    await settled();
    await settled();
    expect(closed).toHaveLength(1);
  });

  test("ends with a message that its decoder refuses", async () => {
    const { toChannel, closed, heard } = rig();
    toChannel.write(await framesOf("bad"));
    await settled();
    await settled();
    expect([closed, heard]).toEqual([["it is bad"], []]);
  });

  test("tells once that the other side has ended", async () => {
    const { toChannel, closed } = rig();
    toChannel.end();
    await settled();
    await settled();
    expect(closed).toHaveLength(1);
  });
});

describe("lists of messages", () => {
  test("are as few as their limit allows, in order", () => {
    const lists: unknown[] = [];
    const counts: number[] = [];
    packLists(
      Array.from({ length: 10 }, (_, index) => "x".repeat(100 + index)),
      350,
      (bytes, count) => {
        expect(bytes.byteLength).toBeLessThanOrEqual(350);
        lists.push(unpack(bytes));
        counts.push(count);
      },
    );
    expect(lists.flat().map((text) => String(text).length)).toEqual([100, 101, 102, 103, 104, 105, 106, 107, 108, 109]);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(10);
  });

  test("are packed few times more often than sent, however many they are", () => {
    let packed = 0;
    const counts: number[] = [];
    const message = {
      get text() {
        packed += 1;
        return "x".repeat(100);
      },
    };
    packLists(Array<unknown>(5_000).fill(message), 1_000, (_, count) => counts.push(count));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(5_000);
    expect(counts.length).toBeLessThan(5_000 / 7);
    expect(packed).toBeLessThanOrEqual(3 * 5_000);
  });

  test("of any length are packed, each message once", () => {
    for (let length = 0; length <= 3_000; length++) {
      let packed = 0;
      packLists(Array(length).fill(1), 1_000_000, (_, count) => (packed += count));
      expect(packed).toBe(length);
    }
  });

  test("a message that is too large alone is a bug", () => {
    expect(() => packLists(["x".repeat(500)], 350, () => undefined)).toThrow("over the limit of 350");
  });
});
