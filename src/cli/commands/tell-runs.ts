import type { Cancel } from "../../base/clock.ts";
import { jitteredDelayMs } from "../../base/backoff.ts";
import { formatDuration } from "../../base/duration.ts";
import { topicName } from "../../protocol/topics.ts";
import {
  type LogView,
  type LogsView,
  type RunListView,
  type RunSummaryView,
  isFinalRunStatus,
} from "../../protocol/views.ts";
import { realClock, realRandom, realTimers } from "../../process/real-clock.ts";
import { type Topics, openTopics } from "../api/topic-socket.ts";
import type { Context } from "../context.ts";
import { LAST_LINES_MS, QUEUED_TOLD_MS, RECONNECT_FIRST_MS, RECONNECT_LIMIT_MS, SHOWN_LOGS } from "../limits.ts";
import { formatLogLine } from "../output/log-line.ts";
import { paintStatus } from "../output/status.ts";
import { beganAt } from "../run-tree/began-at.ts";
import { describeWaiting, detailsOfResult } from "../run-tree/describe.ts";
import { latestExecution } from "../run-tree/state.ts";
import { asciiSymbols, unicodeSymbols } from "../run-tree/symbols.ts";

type Telling = Pick<Context, "api" | "output" | "command">;

/** A run that has begun, or was under way, since the telling began. */
interface ToldRun {
  /** As it was when its telling began. */
  readonly summary: RunSummaryView;
  /** Its beginning has been told. */
  hasStarted: boolean;
  /** It was created before its telling began, so it may have been run again since. */
  readonly isOlder: boolean;
  /** Number of the last line of log that was told of each execution. */
  readonly lines: Map<string, number>;
  unsubscribe: () => void;
  isOver: boolean;
}

/**
 * Tells on stderr, until the returned function is called, which runs of these repositories begin and end, how long they took, why they failed,
 * and what they log. What happens while the server is away is told when it is back, as far as the list of the newest runs goes.
 */
export function tellRuns(context: Telling, repositories: readonly string[]): () => void {
  const since = realClock.now();
  const told = new Map<string, ToldRun>();
  const timers = new Set<Cancel>();
  let topics: Topics | null = null;
  let attempts = 0;

  const later = (delayMs: number, then: () => void): void => {
    const cancel = realTimers.after(delayMs, () => {
      timers.delete(cancel);
      then();
    });
    timers.add(cancel);
  };

  const subscribeToLogs = (run: ToldRun): void => {
    run.unsubscribe =
      topics?.subscribe(topicName({ kind: "logs", run: run.summary.id }), {
        onValue(value) {
          const { logs } = value as LogsView; // The topic's value is this view: protocol/views.ts.
          for (const log of logs.filter(({ timestamp }) => timestamp >= since)) onLog(run, log);
        },
        onRefused: () => undefined,
      }) ?? run.unsubscribe;
  };

  /** Lines may come again after the connection broke, and before the list of runs says that this one has started. */
  const onLog = (run: ToldRun, log: LogView): void => {
    if (log.sequence <= (run.lines.get(log.executionId) ?? 0)) return;
    run.lines.set(log.executionId, log.sequence);
    start(run);
    const look = { isTty: true, colours: context.output.err.colours, namesRun: true };
    context.output.note(`  ${formatLogLine(log, look)}`);
  };

  const begin = (summary: RunSummaryView, before: ToldRun | undefined): ToldRun => {
    const run: ToldRun = {
      summary,
      hasStarted: false,
      isOlder: before !== undefined || summary.createdAt < since,
      lines: before?.lines ?? new Map(),
      unsubscribe: () => undefined,
      isOver: false,
    };
    if ([...told.values()].filter(({ isOver }) => !isOver).length < SHOWN_LOGS) subscribeToLogs(run);
    const isWaiting = (): boolean => !run.hasStarted && !run.isOver;
    if (summary.status === "queued") later(QUEUED_TOLD_MS, () => void tellQueued(context, summary, isWaiting));
    return run;
  };

  const start = (run: ToldRun): void => {
    if (run.hasStarted) return;
    run.hasStarted = true;
    tellStart(context, run.summary);
  };

  const end = (summary: RunSummaryView, run: ToldRun): void => {
    run.isOver = true;
    later(LAST_LINES_MS, () => {
      run.unsubscribe();
      void tellEnd(context, summary, run);
    });
  };

  const onRuns = ({ runs }: RunListView): void => {
    for (const summary of runs.toReversed()) {
      const isFinal = isFinalRunStatus(summary.status);
      const known = told.get(summary.id);
      const isOver = isFinal && known === undefined && summary.createdAt < since; // Before this telling began.
      if (isOver || !repositories.includes(repositoryOf(summary.target))) continue;
      const isAgain = known?.isOver === true && !isFinal; // A step of it was run again.
      const run = known === undefined || isAgain ? begin(summary, known) : known;
      told.set(summary.id, run);
      if (summary.status !== "queued" && summary.status !== "cancelled") start(run); // A cancelled one may never have.
      if (isFinal && !run.isOver) end(summary, run);
    }
    const listed = new Set(runs.map(({ id }) => id));
    for (const [id, run] of told) {
      if (listed.has(id)) continue;
      run.unsubscribe();
      told.delete(id);
    }
  };

  const listen = (): void => {
    topics = openTopics(context.api.place, () => {
      attempts += 1;
      later(jitteredDelayMs(RECONNECT_FIRST_MS, RECONNECT_LIMIT_MS, attempts - 1, realRandom), listen);
    });
    topics.subscribe(topicName({ kind: "runs" }), {
      onValue(value) {
        attempts = 0;
        onRuns(value as RunListView); // Likewise.
      },
      onRefused: () => undefined,
    });
    for (const run of told.values()) if (!run.isOver) subscribeToLogs(run);
  };

  listen();
  return () => {
    topics?.close();
    for (const cancel of timers) cancel();
  };
}

function tellStart({ output }: Telling, { id, target }: RunSummaryView): void {
  output.note(`${symbolsOf(output.err).state.running} ${target} ${output.err.colours.dim(id)} started`);
}

/** A run that is queued for more than a moment, with what it waits for if the server says so before that is over. */
async function tellQueued(
  { api, output }: Telling,
  { id, target }: RunSummaryView,
  isWaiting: () => boolean,
): Promise<void> {
  if (!isWaiting()) return;
  const view = await api.call("get-run", { run: id }).catch(() => null);
  if (!isWaiting()) return;
  const reason = view?.steps[0] && latestExecution(view.steps[0])?.reason;
  const why = reason ? `: ${describeWaiting(reason, realClock.now())}` : "";
  output.note(`${symbolsOf(output.err).state.queued} ${target} ${output.err.colours.dim(id)} queued${why}`);
}

async function tellEnd(
  { api, output, command }: Telling,
  summary: RunSummaryView,
  { isOlder }: ToldRun,
): Promise<void> {
  const { id, target, status, createdAt, completedAt } = summary;
  const { dim, red } = output.err.colours;
  const view = isOlder ? await api.call("get-run", { run: id }).catch(() => null) : null;
  const took = formatDuration(Math.max(0, (completedAt ?? createdAt) - (view === null ? createdAt : beganAt(view))));
  const end = `${target} ${dim(id)} ${paintStatus(status, output.err.colours)(status.replace("_", " "))} in ${took}`;
  if (status === "succeeded") return output.note(`${symbolsOf(output.err).state.succeeded} ${end}`);
  const result = await api.call("get-result", { run: id }).catch(() => null);
  const why = result === null || result.status === "pending" ? "" : detailsOfResult(result);
  output.note(
    `${symbolsOf(output.err).state[status === "cancelled" ? status : "failed"]} ${end}${why === "" ? "" : `: ${red(why)}`}`,
  );
  output.note(dim(`  ${command(`runs show ${id}`)}`));
}

function symbolsOf({ hasUnicode }: { readonly hasUnicode: boolean }): typeof unicodeSymbols {
  return hasUnicode ? unicodeSymbols : asciiSymbols;
}

function repositoryOf(target: string): string {
  return target.slice(0, Math.max(0, target.lastIndexOf("/")));
}
