import { describe, expect, test } from "vitest";
import { createSessionSpeakers } from "../../src/orchestrator/session-speakers.ts";

describe("who speaks for a session", () => {
  test("is the connection that was bound last; the one before is named so that it can be closed", () => {
    const speakers = createSessionSpeakers();
    expect(speakers.bind("S", 1)).toBeUndefined();
    expect(speakers.bind("S", 2)).toBe(1);
    expect(speakers.connectionOf("S")).toBe(2);
    expect(speakers.sessionOf(1)).toBeUndefined();
    expect(speakers.bind("S", 2)).toBeUndefined();
  });

  test("a connection that is gone leaves its session without any", () => {
    const speakers = createSessionSpeakers();
    speakers.bind("S", 1);
    expect(speakers.release(1)).toBe("S");
    expect(speakers.connectionOf("S")).toBeUndefined();
    expect(speakers.release(1)).toBeUndefined();
  });

  test("a replaced connection leaves nothing behind when it goes", () => {
    const speakers = createSessionSpeakers();
    speakers.bind("S", 1);
    speakers.bind("S", 2);
    expect(speakers.release(1)).toBeUndefined();
    expect(speakers.connectionOf("S")).toBe(2);
  });

  test("the loss of the old socket is noticed while the new hello is with the engine: the session is not disconnected", () => {
    const speakers = createSessionSpeakers();
    speakers.bind("S", 1);
    speakers.greeting("S");
    expect(speakers.release(1)).toBeUndefined();
    speakers.bind("S", 2);
    expect(speakers.settled("S")).toBe(false);
  });

  test("but it is when that hello is refused", () => {
    const speakers = createSessionSpeakers();
    speakers.bind("S", 1);
    speakers.greeting("S");
    speakers.release(1);
    expect(speakers.settled("S")).toBe(true);
  });

  test("of several hellos for one session the last decides", () => {
    const speakers = createSessionSpeakers();
    speakers.greeting("S");
    speakers.greeting("S");
    expect(speakers.settled("S")).toBe(false);
    expect(speakers.settled("S")).toBe(true);
  });

  test("a new session that nobody took is without any", () => {
    const speakers = createSessionSpeakers();
    expect(speakers.settled("S")).toBe(true);
  });

  test("a session that has ended has none", () => {
    const speakers = createSessionSpeakers();
    speakers.bind("S", 1);
    expect(speakers.end("S")).toBe(1);
    expect(speakers.release(1)).toBeUndefined();
    expect(speakers.end("S")).toBeUndefined();
  });
});
