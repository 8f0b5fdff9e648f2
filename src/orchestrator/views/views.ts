import type { Clock, Ms } from "../../base/clock.ts";
import type { AgentsView, LogsView, RepositoriesView, RunListView } from "../../protocol/views.ts";
import type { Database } from "../store/database.ts";
import { agentsView } from "./agents.ts";
import { type LogFilter, hasStep, latestLogs, logsPage } from "./logs.ts";
import { repositoriesView } from "./repositories.ts";
import { type RunFilter, runList } from "./run-list.ts";
import { type PagedRun, pagedRun } from "./run-view.ts";
import { createViewBudget } from "./view-budget.ts";

/** Everything that people look at in one environment. What is asked of a run is undefined when there is no such run. */
export interface Views {
  run<T>(run: string, show: (run: PagedRun) => T): T | undefined;
  runs(filter: RunFilter): RunListView;
  logs(run: string, filter: LogFilter): LogsView | undefined;
  hasStep(run: string, step: number): boolean;
  /** The latest lines, oldest first. */
  latestLogs(run: string, limit: number): LogsView | undefined;
  repositories(): RepositoriesView;
  agents(): AgentsView;
}

export interface ViewLimits {
  /** The view of a run is given up after this. */
  readonly timeMs: Ms;
  /** Characters of values in the view of a run; what is beyond is shown by its length. */
  readonly runCharacters: number;
  /** Steps of a run that are read at once. */
  readonly runPageSteps: number;
  /** Most attempts at those steps, in all; with more the view of the run is given up. */
  readonly runPageAttempts: number;
  /** The engine's limit, which one of the reasons for waiting follows from. */
  readonly waitingPerSession: number;
}

/** Each call sees one moment of the database. */
export function createViews(db: Database, clock: Clock, limits: ViewLimits): Views {
  const atOneMoment = <T>(read: () => T): T => {
    db.run("BEGIN");
    try {
      return read();
    } finally {
      db.run("COMMIT"); // Nothing was written: it ends the reading.
    }
  };
  return {
    run(run, show) {
      const budget = createViewBudget(clock, { timeMs: limits.timeMs, characters: limits.runCharacters });
      const { waitingPerSession, runPageSteps: pageSteps, runPageAttempts: pageAttempts } = limits;
      const options = { now: clock.now(), waitingPerSession, pageSteps, pageAttempts, budget };
      return atOneMoment(() => {
        const paged = pagedRun(db, run, options);
        return paged && show(paged);
      });
    },
    runs: (filter) => atOneMoment(() => runList(db, filter)),
    logs: (run, filter) => atOneMoment(() => logsPage(db, run, filter)),
    hasStep: (run, step) => atOneMoment(() => hasStep(db, run, step)),
    latestLogs: (run, limit) => atOneMoment(() => latestLogs(db, run, limit)),
    repositories: () => atOneMoment(() => repositoriesView(db)),
    agents: () => atOneMoment(() => agentsView(db)),
  };
}
