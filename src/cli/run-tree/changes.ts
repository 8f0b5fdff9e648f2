import type { Ms } from "../../base/clock.ts";
import type { ExecutionView, RunView } from "../../protocol/views.ts";
import { formatIso } from "../output/time.ts";
import { describeTime, describeWaiting, detailsOfResult } from "./describe.ts";
import { shownState } from "./state.ts";

/** What has been said of each execution last, and of which moment. */
export type SaidStates = Map<string, { readonly key: string; readonly at: Ms }>;

/**
 * Progress without a terminal: one line for each execution whose state is another than was said before, in the order of time. One that has
 * begun and ended since then has a line for both. `said` is brought up to date.
 *
 *     2026-11-23T10:00:00.000Z RbcdfghZ:2:1 flows/add running
 */
export function describeChanges(run: RunView, said: SaidStates, now: Ms): string[] {
  const changes: (SaidState & { readonly line: string; readonly order: number })[] = [];
  for (const [index, step] of run.steps.entries()) {
    for (const execution of step.executions) {
      const before = said.get(execution.id);
      const current = currentState(execution, now);
      if (current === null || before?.key === current.key) continue;
      const began = current.isEnd && before?.key !== running ? beginning(execution) : [];
      for (const state of [...began, current]) {
        // That it waited is said when it is seen: what came of that is not said of an earlier moment.
        const at = Math.max(state.at, said.get(execution.id)?.at ?? 0);
        said.set(execution.id, { key: state.key, at });
        const line = `${formatIso(at)} ${execution.id} ${step.target} ${state.text}`;
        // Of what happens in one millisecond, what is called begins after its caller and ends before it.
        changes.push({ ...state, line, order: state.isEnd ? -index : index });
      }
    }
  }
  return changes
    .toSorted((a, b) => a.at - b.at || Number(a.isEnd) - Number(b.isEnd) || a.order - b.order)
    .map(({ line }) => line);
}

interface SaidState {
  /** Equal for states that are not worth two lines. */
  readonly key: string;
  readonly at: Ms;
  readonly isEnd: boolean;
  readonly text: string;
}

const running = "running";

function beginning({ assignedAt }: ExecutionView): SaidState[] {
  return assignedAt === null ? [] : [{ key: running, at: assignedAt, isEnd: false, text: running }];
}

/** What waits for no longer than this is not said to wait. */
const MOMENT_MS = 1_000;

/** Null for what is about to change. */
function currentState(execution: ExecutionView, now: Ms): SaidState | null {
  const { status, reason, result, assignedAt, completedAt } = execution;
  if (reason?.code === "ready") return null;
  if (reason?.code === "not_started" && now - (assignedAt ?? now) < MOMENT_MS) return null;
  // What waits for those it called runs, as far as anybody watches.
  const why = reason === null || reason.code === "waiting_for" ? null : reason;
  if (status === "assigned" && why === null)
    return { key: running, at: assignedAt ?? now, isEnd: false, text: running };
  if (status === "assigned" || status === "queued") {
    const word = status === "assigned" ? "waiting" : status;
    const text = why === null ? word : `${word}: ${describeWaiting(why, now)}`;
    return { key: `${word} ${why?.code ?? ""}`, at: now, isEnd: false, text };
  }
  const how = result ? detailsOfResult(result) : "";
  const details = how === "" ? "" : `: ${how}`;
  if (result?.status === "spawned" && result.run.completedAt === null) {
    return { key: running, at: completedAt ?? now, isEnd: false, text: `${running}${details}` };
  }
  const at = result?.status === "spawned" ? result.run.completedAt : completedAt;
  const ended = status === "spawned" ? shownState(execution) : status.replace("_", " ");
  const time = describeTime(execution, now);
  return { key: status, at: at ?? now, isEnd: true, text: `${ended}${time === "" ? "" : ` in ${time}`}${details}` };
}
