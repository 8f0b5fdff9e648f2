import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { expect, test } from "vitest";
import { exitCodes } from "../../src/cli/exit-codes.ts";
import { createProgram } from "../../src/cli/program.ts";

const page = await readFile(new URL("../../docs/cli.md", import.meta.url), "utf8");

function leaves(command: Command, path: readonly string[] = []): string[][] {
  if (command.commands.length === 0) return [[...path]];
  return command.commands.flatMap((one) => leaves(one, [...path, one.name()]));
}

test("docs/cli.md names every command", () => {
  const rows = page.split("\n").filter((line) => line.startsWith("| `coflux"));
  const missing = leaves(createProgram(() => undefined)).filter(
    ([group = "", name]) =>
      !rows.some((row) => row.includes(`\`coflux ${group}`) && (name === undefined || row.includes(name))),
  );
  expect(missing).toEqual([]);
});

test("docs/cli.md names every exit code", () => {
  for (const code of Object.values(exitCodes)) expect(page).toMatch(new RegExp(`^\\| ${code} \\|`, "m"));
});
