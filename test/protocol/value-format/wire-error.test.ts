import { expect, test } from "vitest";
import { registerErrorClass } from "../../../src/protocol/value-format/error-classes.ts";
import { parseFrames } from "../../../src/protocol/value-format/stack-frames.ts";
import { LEFT_OUT_TYPE, decodeError, encodeError } from "../../../src/protocol/value-format/wire-error.ts";
import { errorField } from "../../../src/protocol/outcome.ts";
import type { WireError } from "../../../src/protocol/outcome.ts";

class CardDeclined extends Error {
  override name = "CardDeclined";
  readonly code: string;
  constructor(code: string) {
    super(`declined: ${code}`);
    this.code = code;
  }
  get isFinal(): boolean {
    return this.code === "stolen";
  }
}

class Unnamed extends Error {}

function overTheWire(thrown: unknown): Error {
  return decodeError(errorField.parse(JSON.parse(JSON.stringify(errorField.pack(encodeError(thrown)))), "error"));
}

test("an error of a known class arrives as its instance, with properties and stack", () => {
  registerErrorClass(CardDeclined);
  const thrown = new CardDeclined("stolen");
  const arrived = overTheWire(thrown);
  expect(arrived).toBeInstanceOf(CardDeclined);
  expect(arrived).toMatchObject({ message: "declined: stolen", code: "stolen", isFinal: true, stack: thrown.stack });
});

test.each([
  ["a built-in class", new RangeError("x"), "RangeError", RangeError],
  ["a class that never set its name", new Unnamed("x"), "Unnamed", Error],
  ["a name given by hand", Object.assign(new Error("x"), { name: "QuotaError" }), "QuotaError", Error],
  ["a DOMException", new DOMException("x", "TimeoutError"), "TimeoutError", Error],
])("%s keeps its type", (_, thrown, type, expected) => {
  expect(encodeError(thrown).type).toBe(type);
  const arrived = overTheWire(thrown);
  expect(arrived).toBeInstanceOf(expected);
  expect(arrived.message).toBe("x");
  expect(encodeError(arrived).type).toBe(type);
});

test("causes and members of an aggregate arrive", () => {
  const thrown = new AggregateError([new TypeError("one"), "two"], "both", { cause: new Error("root") });
  const arrived = overTheWire(thrown);
  expect(arrived).toBeInstanceOf(AggregateError);
  expect(arrived).toMatchObject({ message: "both", cause: { message: "root" }, errors: [{ message: "one" }, "two"] });
});

test.each([["text"], [{ code: 7n }], [null], [undefined]])("a thrown %o is kept as the cause of an error", (thrown) => {
  const arrived = overTheWire(thrown);
  expect(arrived.message).toContain("a value that is no Error was thrown");
  expect(arrived.cause).toStrictEqual(thrown);
});

test("properties that cannot be encoded or are too large are left out, the others stay", () => {
  const thrown = Object.assign(new Error("x"), {
    socket: () => 1,
    body: "x".repeat(70_000),
    status: 503,
    when: new Date(0),
  });
  expect(Object.entries(overTheWire(thrown))).toStrictEqual([
    ["status", 503],
    ["when", new Date(0)],
  ]);
});

test("properties cannot touch a prototype", () => {
  const thrown: Error = Object.assign(new Error("x"), JSON.parse('{"a":{"__proto__":{"isAdmin":true}}}'));
  Object.defineProperty(thrown, "__proto__", { value: { isAdmin: true }, enumerable: true });
  const arrived = overTheWire(thrown);
  expect(Object.getPrototypeOf(arrived)).toBe(Error.prototype);
  expect(arrived).not.toHaveProperty("isAdmin");
});

test("a chain of causes is cut after ten, and says so", () => {
  let thrown = new Error("root");
  for (let index = 0; index < 30; index++) thrown = new Error(`link ${index}`, { cause: thrown });
  const chain: WireError[] = [];
  for (let wire: WireError | null = encodeError(thrown); wire !== null; wire = wire.cause) chain.push(wire);
  expect(chain.length).toBe(12);
  expect(chain.at(-1)).toMatchObject({ type: LEFT_OUT_TYPE, message: "further causes were left out" });
});

test("an error that is its own cause ends", () => {
  const thrown = new Error("loop");
  thrown.cause = thrown;
  expect(JSON.stringify(encodeError(thrown))).toContain("left out");
});

test("an aggregate keeps at most twenty members, and a tree of aggregates a hundred errors", () => {
  const many = new AggregateError(Array.from({ length: 50 }, (_, index) => new Error(String(index))));
  const errors = encodeError(many).errors ?? [];
  expect(errors.length).toBe(20);
  expect(errors.at(-1)?.message).toBe("31 further errors were left out");
  const tree = new AggregateError(Array.from({ length: 20 }, () => many));
  const withStack = JSON.stringify(encodeError(tree)).match(/"type":"Error"/g) ?? [];
  expect(withStack.length).toBeLessThanOrEqual(100);
});

test("long messages are cut, and say by how much", () => {
  const message = encodeError(new Error("m".repeat(70_000))).message;
  expect(message.length).toBe(65_536);
  expect(message).toMatch(/more characters\)$/);
});

test("an error whose message throws when read is still reported", () => {
  const thrown = new Error("x");
  Object.defineProperty(thrown, "message", {
    get: () => {
      throw new Error("gotcha");
    },
  });
  expect(encodeError(thrown).message).toBe("an error that could not be read: Error: gotcha");
});

test("frames of a stack name their place and whose code they are", () => {
  const stack = [
    "Error: x at noon (really:1:2)",
    "    at charge (file:///app/flows/orders.ts:12:9)",
    "    at async Promise.all (index 0)",
    "    at async /app/flows/main.ts:3:5",
    "    at new Pool (/app/node_modules/pg/index.js:1:2)",
    "    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)",
    "    at <anonymous>",
  ].join("\n");
  expect(parseFrames(stack)).toEqual([
    { function: "charge", file: "file:///app/flows/orders.ts", line: 12, column: 9, code: "", inApp: true },
    { function: "", file: "/app/flows/main.ts", line: 3, column: 5, code: "", inApp: true },
    { function: "new Pool", file: "/app/node_modules/pg/index.js", line: 1, column: 2, code: "", inApp: false },
    {
      function: "process.processTicksAndRejections",
      file: "node:internal/process/task_queues",
      line: 95,
      column: 5,
      code: "",
      inApp: false,
    },
  ]);
});
