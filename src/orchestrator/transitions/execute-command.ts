import type { AgentCommand } from "../../protocol/agent-messages.ts";
import type { EffectiveOptions } from "../rules/target-options.ts";
import type { WorkRow } from "../store/queue.ts";
import { unpackArguments } from "../store/value-columns.ts";

/** What tells an agent to run an execution. */
export function executeCommand(work: WorkRow, { timeoutMs, isolation }: EffectiveOptions): AgentCommand {
  const { executionId, path, arguments: column } = work;
  return {
    kind: "execute",
    execution: executionId,
    target: path,
    arguments: unpackArguments(column),
    timeoutMs,
    isolation,
  };
}
