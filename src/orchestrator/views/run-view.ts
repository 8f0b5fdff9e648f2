import type { RunSummaryView, RunView, StepView } from "../../protocol/views.ts";
import type { Database } from "../store/database.ts";
import type { Ms } from "../../base/clock.ts";
import { WaitFactsReader } from "../store/wait-facts.ts";
import { countSteps } from "../store/steps.ts";
import { waitReason } from "../rules/wait-reason.ts";
import { findSummary } from "./run-list.ts";
import { readCalls, readRunPage } from "./run-rows.ts";
import { StepViews } from "./step-views.ts";
import type { ViewBudget } from "./view-budget.ts";

export interface RunViewOptions {
  readonly now: Ms;
  /** The engine's limit, which one of the reasons for waiting follows from. */
  readonly waitingPerSession: number;
  /** Steps are read in pages of so many, and the time is looked at in between. */
  readonly pageSteps: number;
  /** Most attempts at the steps of a page, in all. */
  readonly pageAttempts: number;
  readonly budget: ViewBudget;
}

/** A run whose steps are shown a page at a time, because all of a large one at once takes hundreds of megabytes. */
export interface PagedRun {
  readonly summary: RunSummaryView & Pick<RunView, "idempotencyKey">;
  readonly stepCount: number;
  /** To be read once, within the same read of the database. */
  readonly pages: Iterable<readonly StepView[]>;
}

/** Undefined for an unknown run. */
export function pagedRun(db: Database, runId: string, options: RunViewOptions): PagedRun | undefined {
  const found = findSummary(db, runId);
  if (found === undefined) return undefined;
  const { row, idempotencyKey, summary } = found;
  const { now, waitingPerSession, budget } = options;
  const facts = new WaitFactsReader(db, waitingPerSession);
  const steps = new StepViews({
    runId: summary.id,
    budget,
    reasonFor: (waiting) => waitReason(facts.factsOf(waiting), now),
    calls: readCalls(db, row),
  });
  return {
    summary: { ...summary, idempotencyKey },
    stepCount: countSteps(db, row),
    pages: readPages(db, row, steps, options),
  };
}

/** All of it at once. */
export function shownWhole({ summary, pages }: PagedRun): RunView {
  const steps: StepView[] = [];
  for (const page of pages) for (const step of page) steps.push(step);
  return { ...summary, steps };
}

function* readPages(
  db: Database,
  run: number,
  steps: StepViews,
  { pageSteps, pageAttempts, budget }: RunViewOptions,
): Generator<readonly StepView[]> {
  for (let after = 0; ;) {
    budget.checkTime();
    const limits = { limit: pageSteps, attempts: pageAttempts, characters: budget.textLeft() };
    const page = readRunPage(db, { run, after, ...limits });
    const last = page.steps.at(-1);
    if (last === undefined) return;
    yield steps.show(page);
    after = last.number;
  }
}
