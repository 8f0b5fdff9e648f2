import type { Database } from "../store/database.ts";
import type { Ms } from "../../base/clock.ts";
import type { RunView } from "../../protocol/views.ts";
import { WaitFactsReader } from "../store/wait-facts.ts";
import { waitReason } from "../rules/wait-reason.ts";
import { findSummary } from "./run-list.ts";
import { readRunPage } from "./run-rows.ts";
import { StepList } from "./step-list.ts";
import type { ViewBudget } from "./view-budget.ts";

export interface RunViewOptions {
  readonly now: Ms;
  /** The engine's limit, which one of the reasons for waiting follows from. */
  readonly waitingPerSession: number;
  /** Steps are read in pages of so many, and the time is looked at in between. */
  readonly pageSteps: number;
  readonly budget: ViewBudget;
}

/** The whole of one run; undefined for an unknown one. */
export function runView(db: Database, runId: string, options: RunViewOptions): RunView | undefined {
  const { now, waitingPerSession, pageSteps, budget } = options;
  const found = findSummary(db, runId);
  if (found === undefined) return undefined;
  const { row: run, idempotencyKey, summary } = found;
  const facts = new WaitFactsReader(db, waitingPerSession);
  const steps = new StepList(summary.id, budget, (row) => waitReason(facts.factsOf(row), now));
  for (let after = 0; ;) {
    budget.checkTime();
    const page = readRunPage(db, { run, after, limit: pageSteps, withTexts: budget.hasText() });
    const last = page.steps.at(-1);
    if (last === undefined) return { ...summary, idempotencyKey, steps: steps.finish() };
    steps.add(page);
    after = last.number;
  }
}
