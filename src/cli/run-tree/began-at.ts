import type { Ms } from "../../base/clock.ts";
import type { ExecutionView, RunView } from "../../protocol/views.ts";

/** Since when a run is, or was, under way: since it was created, or since it was last run again. A retry goes on with what had begun before. */
export function beganAt({ createdAt, steps }: Pick<RunView, "createdAt" | "steps">): Ms {
  const attempts = steps.find(({ parentId }) => parentId === null)?.executions ?? [];
  const again = attempts.findLast(({ id }, index) => index > 0 && retryOf(attempts[index - 1]) !== id);
  return again?.createdAt ?? createdAt;
}

function retryOf(execution: ExecutionView | undefined): string | undefined {
  const result = execution?.result;
  return result && "retry" in result ? result.retry : undefined;
}
