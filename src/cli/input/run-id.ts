import { parseExecutionId, parseRunId, parseStepId } from "../../protocol/ids.ts";
import { usageError } from "../command-error.ts";

/** The id of a run, as it was typed. What is none ends the command before the server is asked. */
export function readRunId(text: string): string {
  if (parseRunId(text)) return text;
  const part = parseExecutionId(text) ?? parseStepId(text);
  throw usageError(`${JSON.stringify(text)} is no run (R…)`, part && `its run is ${part.run}`);
}
