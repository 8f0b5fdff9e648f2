import { createInterface } from "node:readline/promises";
import { CommandError } from "../command-error.ts";
import type { Context } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { isCodingAgent } from "../output/terminal.ts";

/** Asks before what cannot be undone; only where a person can answer, and not with `--yes`. */
export async function confirm(
  { output, variables }: Context,
  isSure: boolean | undefined,
  question: string,
): Promise<void> {
  const isPerson = process.stdin.isTTY && output.err.isTty && !output.isJson && !isCodingAgent(variables);
  if (isSure || !isPerson || variables["CI"]) return;
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await prompt.question(`${question} Type yes: `);
    if (answer.trim().toLowerCase() === "yes") return;
  } finally {
    prompt.close();
  }
  throw new CommandError({ code: "usage", exitCode: exitCodes.usage, message: "nothing was changed" });
}
