import { expect, test } from "vitest";
import { createScreen } from "../../../src/cli/run-tree/screen.ts";
import { seededRandom, randomBelow } from "../../../src/base/random.ts";

/** As much of a terminal as a screen uses. */
function createFakeTerminal() {
  const lines: string[] = [];
  let row = 0;
  let written = 0;
  let isCursorVisible = true;
  const write = (text: string): void => {
    written += text.length;
    // oxlint-disable-next-line no-control-regex -- Control sequences are what is read here.
    for (const [token] of text.matchAll(/\u001b\[(?:\?25[lh]|\d+A|[KJ])|\r|\n|[^\u001b\r\n]+/g)) {
      if (token === "\n") row += 1;
      else if (token.endsWith("A")) row -= Number(token.slice(2, -1));
      else if (token === "\u001b[J") lines.length = Math.min(lines.length, row);
      else if (token.startsWith("\u001b[?25")) isCursorVisible = token.endsWith("h");
      else if (token !== "\r" && token !== "\u001b[K") lines[row] = token;
    }
  };
  return { write, lines, written: () => written, isCursorVisible: () => isCursorVisible, row: () => row };
}

test("the terminal shows what was drawn last, whatever was drawn before", () => {
  const random = seededRandom(3);
  const terminal = createFakeTerminal();
  const screen = createScreen(terminal);
  for (let round = 0; round < 100; round++) {
    const lines = Array.from({ length: 1 + randomBelow(random, 6) }, () => `line ${randomBelow(random, 4)}`);
    screen.draw(lines);
    expect(terminal.lines).toEqual(lines);
    expect(terminal.row()).toBe(lines.length);
  }
});

test("lines that have not changed are not written again", () => {
  const terminal = createFakeTerminal();
  const screen = createScreen(terminal);
  const long = "x".repeat(1_000);
  screen.draw([long, "0s", long]);
  const before = terminal.written();
  screen.draw([long, "1s", long]);
  expect(terminal.written() - before).toBeLessThan(50);
});

test("after the window changed everything is written again", () => {
  const terminal = createFakeTerminal();
  const screen = createScreen(terminal);
  screen.draw(["one", "two"]);
  const before = terminal.written();
  screen.invalidate();
  screen.draw(["one", "two"]);
  expect(terminal.written() - before).toBeGreaterThan("onetwo".length);
  expect(terminal.lines).toEqual(["one", "two"]);
});

test("the cursor is hidden while it draws and comes back once", () => {
  const terminal = createFakeTerminal();
  const screen = createScreen(terminal);
  screen.draw(["one"]);
  expect(terminal.isCursorVisible()).toBe(false);
  screen.close();
  expect(terminal.isCursorVisible()).toBe(true);
  const before = terminal.written();
  screen.close();
  expect(terminal.written()).toBe(before);
});
