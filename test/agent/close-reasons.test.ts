import { expect, test } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import { describeClose } from "../../src/agent/close-reasons.ts";
import { createFramedSession } from "../../src/agent/framed-session.ts";

test.each([
  [1012, "retry-after-ms=685", "the server stops or restarts"],
  [1001, "", "the server stops"],
  [1006, "", "the connection broke off"],
  [1006, "no server answers there", "no server answers there"],
  [4008, "it fell silent", "it fell silent"],
  [4008, "", "the server closed the connection (4008)"],
])("a connection closed with %i %j is told in words: %s", (code, reason, text) => {
  expect(describeClose(code, reason)).toBe(text);
});

test.each([
  ["retry-after-ms=685", 685],
  ["retry-after-ms=0", 0],
])("an agent stays away for as long as a restarting server asks: %s", (reason, retryInMs) => {
  const session = createFramedSession({
    identity: { pid: 1, host: "h", version: "1", node: "v20" },
    random: seededRandom(1),
  });
  session.handle({ kind: "tick" }, 0);
  expect(session.handle({ kind: "closed", code: 1012, reason }, 10)).toEqual([
    { kind: "disconnected", reason: "the server stops or restarts", retryInMs },
  ]);
  expect(session.nextDueAt()).toBe(10 + retryInMs);
});
