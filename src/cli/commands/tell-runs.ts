import type { Cancel } from "../../base/clock.ts";
import { jitteredDelayMs } from "../../base/backoff.ts";
import { formatDuration } from "../../base/duration.ts";
import { topicName } from "../../protocol/topics.ts";
import { type LogsView, type RunListView, type RunSummaryView, isFinalRunStatus } from "../../protocol/views.ts";
import { realClock, realRandom, realTimers } from "../../process/real-clock.ts";
import { type Topics, openTopics } from "../api/topic-socket.ts";
import type { Context } from "../context.ts";
import { LAST_LINES_MS, RECONNECT_FIRST_MS, RECONNECT_LIMIT_MS, SHOWN_LOGS } from "../limits.ts";
import { formatLogLine } from "../output/log-line.ts";
import { paintStatus } from "../output/status.ts";
import { detailsOfResult } from "../run-tree/describe.ts";
import { asciiSymbols, unicodeSymbols } from "../run-tree/symbols.ts";

type Telling = Pick<Context, "api" | "output" | "command">;

/** A run that has begun, or was under way, since the telling began. */
interface ToldRun {
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

  const subscribeToLogs = (id: string, run: ToldRun): void => {
    run.unsubscribe =
      topics?.subscribe(topicName({ kind: "logs", run: id }), {
        onValue: (value) => tellLogs(context, value as LogsView, run, since), // The topic's value is this view: protocol/views.ts.
        onRefused: () => undefined,
      }) ?? run.unsubscribe;
  };

  const begin = (summary: RunSummaryView, lines: ToldRun["lines"]): ToldRun => {
    const run: ToldRun = { lines, unsubscribe: () => undefined, isOver: false };
    tellBeginning(context, summary);
    if ([...told.values()].filter(({ isOver }) => !isOver).length < SHOWN_LOGS) subscribeToLogs(summary.id, run);
    return run;
  };

  const end = (summary: RunSummaryView, run: ToldRun): void => {
    run.isOver = true;
    later(LAST_LINES_MS, () => {
      run.unsubscribe();
      void tellEnd(context, summary);
    });
  };

  const onRuns = ({ runs }: RunListView): void => {
    for (const summary of runs.toReversed()) {
      const isFinal = isFinalRunStatus(summary.status);
      if (!repositories.includes(repositoryOf(summary.target)) || (isFinal && summary.createdAt < since)) continue;
      const known = told.get(summary.id);
      const isAgain = known?.isOver === true && !isFinal; // A step of it was run again.
      const run = known === undefined || isAgain ? begin(summary, known?.lines ?? new Map()) : known;
      told.set(summary.id, run);
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
    for (const [id, run] of told) if (!run.isOver) subscribeToLogs(id, run);
  };

  listen();
  return () => {
    topics?.close();
    for (const cancel of timers) cancel();
  };
}

function tellBeginning({ output }: Telling, { id, target }: RunSummaryView): void {
  output.note(`${symbolsOf(output.err).state.running} ${target} ${output.err.colours.dim(id)} started`);
}

async function tellEnd({ api, output, command }: Telling, summary: RunSummaryView): Promise<void> {
  const { id, target, status, createdAt, completedAt } = summary;
  const { dim, red } = output.err.colours;
  const took = formatDuration((completedAt ?? createdAt) - createdAt);
  const end = `${target} ${dim(id)} ${paintStatus(status, output.err.colours)(status.replace("_", " "))} in ${took}`;
  if (status === "succeeded") return output.note(`${symbolsOf(output.err).state.succeeded} ${end}`);
  const result = await api.call("get-result", { run: id }).catch(() => null);
  const why = result === null || result.status === "pending" ? "" : detailsOfResult(result);
  output.note(`${symbolsOf(output.err).state.failed} ${end}${why === "" ? "" : `: ${red(why)}`}`);
  output.note(dim(`  ${command(`runs show ${id}`)}`));
}

/** Lines may come again after the connection broke, and those from before are none of this telling. */
function tellLogs({ output }: Telling, { logs }: LogsView, { lines }: ToldRun, since: number): void {
  for (const log of logs) {
    const last = lines.get(log.executionId) ?? 0;
    if (log.sequence <= last || log.timestamp < since) continue;
    lines.set(log.executionId, log.sequence);
    output.note(`  ${formatLogLine(log, { isTty: true, colours: output.err.colours, namesRun: true })}`);
  }
}

function symbolsOf({ hasUnicode }: { readonly hasUnicode: boolean }): typeof unicodeSymbols {
  return hasUnicode ? unicodeSymbols : asciiSymbols;
}

function repositoryOf(target: string): string {
  return target.slice(0, Math.max(0, target.lastIndexOf("/")));
}
