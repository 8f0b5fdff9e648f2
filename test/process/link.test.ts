import { once } from "node:events";
import type { Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { type Link, createLink } from "../../src/process/link.ts";
import { pack, unpackList } from "../../src/process/pack.ts";
import { LINK_FRAME_LIMIT_BYTES, linkTypes } from "../../src/protocol/link-frame.ts";
import { LINK_WINDOW_BYTES, LINK_WINDOW_FRAMES } from "../../src/protocol/limits.ts";
import { arrivals } from "../support/arrivals.ts";
import { socketPair } from "../support/socket-pair.ts";

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

async function openPair(): Promise<readonly [Socket, Socket]> {
  const pair = await socketPair();
  sockets.push(...pair);
  return pair;
}

interface Frame {
  readonly type: number;
  readonly text: string;
  readonly handled: () => void;
}

function end(stream: Socket) {
  const frames = arrivals<Frame>("frame");
  const credits = arrivals<"credit">("credit");
  const closes = arrivals<string>("close");
  const link: Link = createLink(stream, {
    onFrame: (type, payload, handled) => frames.add({ type, text: payload.toString(), handled }),
    onCredit: () => credits.add("credit"),
    onClose: (reason) => closes.add(reason),
  });
  return { link, frames, credits, closes };
}

async function linkPair() {
  const [left, right] = await openPair();
  return { a: end(left), b: end(right) };
}

const bytesOf = (text: string): Buffer => Buffer.from(text);

/** Sends so many frames and takes them on the other side, without giving credit. */
async function fill({ a, b }: Awaited<ReturnType<typeof linkPair>>, count: number): Promise<Frame[]> {
  for (let index = 0; index < count; index++) a.link.send(linkTypes.agentFrame, bytesOf(`${index}`));
  return Promise.all(Array.from({ length: count }, () => b.frames.next()));
}

describe("a link", () => {
  test("carries frames in order and puts their parts together", async () => {
    const { a, b } = await linkPair();
    a.link.send(linkTypes.agentOpen, bytesOf("one"));
    a.link.send(linkTypes.agentFrame, bytesOf("t"), bytesOf(""), bytesOf("wo"));
    expect(await b.frames.next()).toMatchObject({ type: linkTypes.agentOpen, text: "one" });
    expect(await b.frames.next()).toMatchObject({ type: linkTypes.agentFrame, text: "two" });
  });

  test("carries packed data", async () => {
    const [left, right] = await openPair();
    const received = arrivals<unknown>("payload");
    createLink(right, {
      onFrame: (_, payload) => received.add(unpackList(payload)),
      onCredit: () => undefined,
      onClose: () => undefined,
    });
    end(left).link.sendPacked(linkTypes.request, [1, "get-run", { run: "R" }]);
    expect(await received.next()).toEqual([1, "get-run", { run: "R" }]);
  });

  test("writes all frames of one turn at once", async () => {
    const [left, right] = await openPair();
    const { link } = end(left);
    for (let index = 0; index < 10; index++) link.send(linkTypes.agentFrame, bytesOf("frame"));
    const [chunk] = await once(right, "data");
    expect(chunk).toHaveLength(10 * (4 + 1 + 5));
  });

  test("has no credit once the window of frames is full, and has it again when enough are handled", async () => {
    const pair = await linkPair();
    const frames = await fill(pair, LINK_WINDOW_FRAMES);
    expect(pair.a.link.hasCredit()).toBe(false);
    for (const { handled } of frames.slice(0, LINK_WINDOW_FRAMES / 4 - 1)) handled();
    expect(pair.a.link.hasCredit()).toBe(false);
    frames.at(-1)?.handled();
    await pair.a.credits.next();
    expect(pair.a.link.hasCredit()).toBe(true);
  });

  test("has no credit once the window of bytes is full, and says once that it is back", async () => {
    const pair = await linkPair();
    pair.a.link.send(linkTypes.agentFrame, Buffer.alloc(LINK_WINDOW_BYTES));
    expect(pair.a.link.hasCredit()).toBe(false);
    (await pair.b.frames.next()).handled();
    await pair.a.credits.next();
    expect(pair.a.link.hasCredit()).toBe(true);
    expect(pair.a.credits.waiting).toEqual([]);
  });

  test("sends without credit too, so that replies never wait, and counts it", async () => {
    const pair = await linkPair();
    const frames = await fill(pair, LINK_WINDOW_FRAMES + 200);
    for (const { handled } of frames.slice(0, 200)) handled();
    pair.b.link.send(linkTypes.reply, bytesOf("after the credit"));
    await pair.a.frames.next();
    expect(pair.a.link.hasCredit()).toBe(false);
  });

  test("gives credit in both directions without counting the frames that carry it", async () => {
    const pair = await linkPair();
    for (let round = 0; round < 20; round++) {
      for (const { handled } of await fill(pair, LINK_WINDOW_FRAMES / 4)) handled();
    }
    expect(pair.a.link.hasCredit()).toBe(true);
    expect(pair.b.link.hasCredit()).toBe(true);
  });

  test.each([
    ["an empty frame", Buffer.alloc(4)],
    ["a length beyond the limit", lengthOf(LINK_FRAME_LIMIT_BYTES + 1)],
    ["a credit frame of another size", Buffer.concat([lengthOf(4), Buffer.from([linkTypes.credit, 0, 0, 0])])],
  ])("ends when the other side sends %s", async (_, bytes) => {
    const [left, right] = await openPair();
    const { closes, frames } = end(left);
    right.write(bytes);
    expect(await closes.next()).toMatch(/frame/);
    expect(frames.waiting).toEqual([]);
  });

  test("ends when the receiver refuses a frame by throwing", async () => {
    const [left, right] = await openPair();
    const reasons = arrivals<string>("reason");
    createLink(left, {
      onFrame: (_, payload) => void unpackList(payload),
      onCredit: () => undefined,
      onClose: (reason) => reasons.add(reason),
    });
    end(right).link.sendPacked(linkTypes.request, { not: "a list" });
    expect(await reasons.next()).toBe("a payload that is no list");
  });

  test("that ends loses nothing of what it said, although the other side writes before it has read", async () => {
    const { a, b } = await linkPair();
    a.link.send(linkTypes.goodbye, bytesOf("the last word"));
    await new Promise<void>((resolve) => process.nextTick(resolve)); // It has been written, and nothing was read since.
    a.link.end();
    b.link.send(linkTypes.agentFrame, bytesOf("meanwhile"));
    expect((await b.frames.next()).text).toBe("the last word");
    expect(await a.closes.next()).toBe("the other side closed it");
    await b.closes.next();
  });

  test("says once that it has ended, whichever side ends it, and sends nothing after", async () => {
    const { a, b } = await linkPair();
    a.link.close();
    expect(await a.closes.next()).toBe("closed here");
    await b.closes.next();
    a.link.send(linkTypes.agentFrame, bytesOf("late"));
    a.link.close();
    expect(a.closes.waiting).toEqual([]);
    expect(b.frames.waiting).toEqual([]);
  });
});

describe("packing", () => {
  test("keeps large integers as numbers and gives plain objects", () => {
    expect(unpackList(Buffer.from(pack([2 ** 52, { a: null }])))).toEqual([2 ** 52, { a: null }]);
  });

  test.each([
    ["a list of four billion entries in five bytes", Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff])],
    ["a map of four billion entries in five bytes", Buffer.from([0xdf, 0xff, 0xff, 0xff, 0xff])],
    ["text that ends before its length", Buffer.from([0xdb, 0xff, 0xff, 0xff, 0xff, 0x61])],
    ["lists in lists without end", Buffer.alloc(100_000, 0x91)],
    ["nothing", Buffer.alloc(0)],
    ["two values", Buffer.from([0x90, 0x90])],
  ])("refuses %s", (_, bytes) => {
    expect(() => unpackList(bytes)).toThrow(Error);
  });
});

function lengthOf(length: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  return bytes;
}
