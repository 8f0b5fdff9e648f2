import { describe, expect, test } from "vitest";
import { seededRandom } from "../../src/base/random.ts";
import {
  executionIdOf,
  makeRunId,
  makeSessionId,
  parseBlobKey,
  parseExecutionId,
  parseRunId,
  parseSessionId,
  parseStepId,
  stepIdOf,
} from "../../src/protocol/ids.ts";

describe("an id", () => {
  const random = seededRandom(7);

  test("that was made is read again, whatever was drawn", () => {
    for (let count = 0; count < 500; count++) {
      const run = makeRunId(random);
      expect(parseRunId(run)).toBe(run);
      expect(parseStepId(stepIdOf(run, count + 1))).toEqual({ run, step: count + 1 });
      const execution = executionIdOf(run, 3, count + 1);
      expect(parseExecutionId(execution)).toEqual({ run, step: 3, attempt: count + 1 });
      const session = makeSessionId(random);
      expect(parseSessionId(session)).toBe(session);
    }
  });

  test("of a run grows by as many characters as asked, so that a clash can be avoided", () => {
    expect(makeRunId(random)).toHaveLength(9);
    expect(makeRunId(random, 12)).toHaveLength(13);
  });

  test("spells no word: it has no vowels and nothing that reads as a letter", () => {
    const ids = Array.from({ length: 300 }, () => makeRunId(random).slice(1) + makeSessionId(random).slice(1)).join("");
    expect(ids).not.toMatch(/[aeiouyAEIOUY01]/);
  });

  test.each([
    ["a run without its letter", parseRunId, "bcdfghjk"],
    ["a run that is too short", parseRunId, "Rbcdfg"],
    ["a run with a vowel", parseRunId, "Rbcdfghja"],
    ["a run with a path in it", parseRunId, "R../../bcd"],
    ["a run with a line break", parseRunId, "Rbcdfghjk\n"],
    ["a step from 0", parseStepId, "Rbcdfghjk:0"],
    ["a step with a leading zero", parseStepId, "Rbcdfghjk:01"],
    ["a step without a number", parseStepId, "Rbcdfghjk:"],
    ["a step that is an execution", parseStepId, "Rbcdfghjk:1:1"],
    ["a step of no run", parseStepId, "Sbcdfghjk:1"],
    ["an execution from 0", parseExecutionId, "Rbcdfghjk:1:0"],
    ["an execution beyond any number", parseExecutionId, "Rbcdfghjk:1:12345678901"],
    ["an execution that is a step", parseExecutionId, "Rbcdfghjk:1"],
    ["a session of another length", parseSessionId, "Sbcdfghjk"],
    ["a blob key in capitals", parseBlobKey, "A".repeat(64)],
    ["a blob key that leaves its folder", parseBlobKey, `../${"a".repeat(61)}`],
    ["nothing", parseRunId, ""],
  ])("is refused: %s", (_, parse, text) => {
    expect(parse(text)).toBeUndefined();
  });
});
