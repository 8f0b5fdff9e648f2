import { setTimeout as delay } from "node:timers/promises";
import type { LogLevel } from "../../protocol/agent-messages.ts";
import { parseExecutionId, parseRunId, parseStepId } from "../../protocol/ids.ts";
import type { LogView } from "../../protocol/views.ts";
import { refusedError, usageError } from "../command-error.ts";
import type { Context } from "../context.ts";
import { PAGE_LIMIT } from "../../protocol/limits.ts";
import { FOLLOW_WAIT_MS } from "../limits.ts";
import { formatLogLine } from "../output/log-line.ts";
import { patiently } from "./patiently.ts";

export interface LogsFlags {
  readonly follow?: boolean;
  readonly level?: LogLevel;
}

/** `coflux logs`: the log of a run, or of one of its steps or attempts; with `-f` until the run is final. */
export async function showLogs(context: Context, id: string, { follow = false, level }: LogsFlags): Promise<void> {
  const { run, step, attempt } = readId(id);
  const filter = { step, attempt, level };
  const { output } = context;
  const seen: LogView[] = [];
  let isEmpty = true;
  let cursor: string | undefined;

  /** Prints all that came since the last time. */
  const catchUp = async (): Promise<void> => {
    for (;;) {
      const query = { ...filter, after: cursor, limit: PAGE_LIMIT };
      const page = await patiently(follow, () => context.api.call("get-logs", { run }, { query }));
      cursor = page.cursor ?? cursor;
      for (const log of page.logs) {
        isEmpty = false;
        if (output.isJson && !follow) seen.push(log);
        else if (output.isJson) output.jsonLine(log);
        else output.line(formatLogLine(log, output.out));
      }
      if (page.logs.length < PAGE_LIMIT) return;
    }
  };

  await catchUp();
  if (output.isJson && !follow) return output.json({ logs: seen, cursor: cursor ?? null });
  for (let isOver = !follow; !isOver;) {
    // The answer comes when the run is final or this time is over: it is also the pause between two looks at the log.
    const query = { waitMs: FOLLOW_WAIT_MS };
    const result = await patiently(follow, () => context.api.call("get-result", { run }, { query }));
    isOver = result.status !== "pending";
    if (isOver) await delay(FOLLOW_WAIT_MS); // The last lines may come after the result: a log delays nothing.
    await catchUp();
  }
  if (!isEmpty) return;
  await checkPlace(context, { run, step, attempt });
  output.note(`${id} has no lines of log${level === undefined ? "" : ` of level ${level} or above`}`);
}

/** A run that has no such step or attempt has no lines of it either. */
async function checkPlace({ api, command }: Context, { run, step, attempt }: LogPlace): Promise<void> {
  if (step === undefined) return;
  const { steps } = await api.call("get-run", { run });
  const executions = steps[step - 1]?.executions;
  const what = executions === undefined ? `step ${step}` : `attempt ${attempt} at step ${step}`;
  if (executions !== undefined && (attempt === undefined || attempt <= executions.length)) return;
  const code = executions === undefined ? "step_not_found" : "execution_not_found";
  throw refusedError({ code, message: `run ${run} has no ${what}` }, command(`runs show ${run} --all`));
}

interface LogPlace {
  readonly run: string;
  readonly step?: number | undefined;
  readonly attempt?: number | undefined;
}

function readId(id: string): LogPlace {
  const place = parseExecutionId(id) ?? parseStepId(id);
  if (place) return place;
  if (parseRunId(id)) return { run: id };
  throw usageError(`${JSON.stringify(id)} is no run (R…), step (R…:2) or execution (R…:2:1)`);
}
