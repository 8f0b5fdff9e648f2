import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { createBlobTransfer } from "../../src/executor/blobs.ts";
import { BLOB_ATTEMPTS_LIMIT } from "../../src/executor/limits.ts";
import { realTimers } from "../../src/process/real-clock.ts";

const bytes = new TextEncoder().encode("hello");
const key = createHash("sha256").update(bytes).digest("hex");
const immediately = { after: (_ms: number, run: () => void) => realTimers.after(0, run) };

/** A transfer whose server gives these answers one after the other. */
function transfer(...answers: (Response | Error)[]) {
  const asked: string[] = [];
  const fetch = async (url: unknown, init?: RequestInit): Promise<Response> => {
    asked.push(`${init?.method ?? "GET"} ${String(url)}`);
    const answer = answers.shift() ?? new Response(null, { status: 500 });
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { asked, blobs: createBlobTransfer({ url: "http://s/blobs", timers: { after: waitOrDeadline }, fetch }) };
}

/** Delays between attempts pass at once; the deadline of an attempt never comes. */
function waitOrDeadline(ms: number, run: () => void): () => void {
  return ms >= 60_000 ? () => undefined : immediately.after(ms, run);
}

test("bytes are put under their hash, once", async () => {
  const { asked, blobs } = transfer(new Response(null, { status: 204 }));
  expect(await blobs.put(bytes)).toEqual({ key, size: 5 });
  expect(await blobs.put(bytes)).toEqual({ key, size: 5 });
  expect(asked).toEqual([`PUT http://s/blobs/${key}`]);
});

test("what fails in passing is tried again", async () => {
  const { asked, blobs } = transfer(new Error("reset"), new Response("busy", { status: 503 }), new Response("hello"));
  expect(new TextDecoder().decode(await blobs.get(key))).toBe("hello");
  expect(asked).toHaveLength(3);
});

test("what cannot succeed is not tried again", async () => {
  const { asked, blobs } = transfer(new Response("no such blob", { status: 404 }));
  await expect(blobs.get(key)).rejects.toThrow(`blob ${key}: the server answered 404 no such blob`);
  expect(asked).toHaveLength(1);
});

test("it is given up after so many attempts", async () => {
  const { asked, blobs } = transfer();
  await expect(blobs.put(bytes)).rejects.toThrow("the server answered 500");
  expect(asked).toHaveLength(BLOB_ATTEMPTS_LIMIT);
});

test("other bytes than were asked for are not taken", async () => {
  const { blobs } = transfer(...Array.from({ length: BLOB_ATTEMPTS_LIMIT }, () => new Response("hullo")));
  await expect(blobs.get(key)).rejects.toThrow("other bytes came than its key stands for");
});

test("a download may take as long as it likes while bytes come, and an upload as long as its size allows", async () => {
  const deadlines: number[] = [];
  const after = (ms: number): (() => void) => {
    deadlines.push(ms);
    return () => undefined;
  };
  const parts = ["he", "ll", "o"];
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const part = parts.shift();
      if (part === undefined) controller.close();
      else controller.enqueue(new TextEncoder().encode(part));
    },
  });
  const answers = [new Response(body), new Response(null, { status: 204 })];
  const fetch = async (): Promise<Response> => answers.shift() ?? Response.error();
  const blobs = createBlobTransfer({ url: "http://s/blobs", timers: { after }, fetch });
  expect(new TextDecoder().decode(await blobs.get(key))).toBe("hello");
  await blobs.put(new Uint8Array(5_000_000));
  expect(deadlines).toEqual([120_000, 120_000, 120_000, 120_000, 125_000]);
});
