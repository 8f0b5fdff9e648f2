import { expect, test } from "vitest";
import { diff } from "../../../src/protocol/patch.ts";
import { parseTopicMessage, readTopicMessage } from "../../../src/cli/api/topic-events.ts";

const say = (...message: unknown[]): readonly unknown[] => message;
const state = { version: 4, value: { status: "running", steps: [1] } };

test("a value replaces what was known, a patch changes it", () => {
  expect(readTopicMessage(null, say("value", 1, 4, state.value))).toEqual({ kind: "value", state });
  const next = { status: "succeeded", steps: [1, 2] };
  expect(readTopicMessage(state, say("patch", 1, 5, diff(state.value, next)))).toEqual({
    kind: "value",
    state: { version: 5, value: next },
  });
});

test.each([
  ["a patch before any value", null, say("patch", 1, 1, [])],
  ["a patch after a gap", state, say("patch", 1, 6, [])],
  ["a patch that does not fit", state, say("patch", 1, 5, [[["steps", 7, "x"], 1]])],
  ["a patch that is none", state, say("patch", 1, 5, "all of it")],
  ["a value without a version", state, say("value", 1)],
  ["an unknown message", state, say("hello")],
])("after %s the topic is asked for anew", (_what, before, text) => {
  expect(readTopicMessage(before, text)).toEqual({ kind: "lost" });
});

test("a refusal is passed on with its code", () => {
  expect(readTopicMessage(null, say("error", 1, { code: "run_not_found", message: "no such run" }))).toEqual({
    kind: "refused",
    failure: { code: "run_not_found", message: "no such run" },
  });
});

test.each([["hello"], ['{"a":1}'], ["7"]])("%s is no message", (text) => {
  expect(parseTopicMessage(text)).toBeUndefined();
});
