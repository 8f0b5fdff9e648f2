import { exhaustive } from "../../base/exhaustive.ts";
import type { Failure } from "../../protocol/error-codes.ts";
import { type Topic, type TopicEvent, parseTopic } from "../../protocol/topics.ts";
import type { RunView } from "../../protocol/views.ts";
import { notFound } from "../../protocol/failures.ts";
import { type LiveTopic, comparedTopic, logsTopic } from "./live-topic.ts";
import { type PagedRun, shownWhole } from "./run-view.ts";
import { ViewTooCostly } from "./view-budget.ts";
import type { Views } from "./views.ts";

/** What every subscriber has been told so far. */
export interface Subscriptions {
  /** The next event of a subscription, which begins with the first call; null when nothing has changed. An `error` ends it. */
  next(subscription: number, topic: string): TopicEvent | null;
  end(subscription: number): void;
}

export interface TopicLimits {
  /** Steps of a run, and attempts at them. */
  readonly runSteps: number;
  /** Runs in the list. */
  readonly runs: number;
  /** Lines of a log at the beginning, and at most in one patch. */
  readonly logs: number;
  /** Lines of a log after which the view begins again. */
  readonly logsKept: number;
}

export function createSubscriptions(views: Views, limits: TopicLimits): Subscriptions {
  const live = new Map<number, LiveTopic>();

  const begin = (topic: Topic): LiveTopic => {
    switch (topic.kind) {
      case "run":
        return comparedTopic(() => views.run(topic.run, wholeRun));
      case "runs":
        return comparedTopic(() => views.runs({ status: null, target: null, limit: limits.runs, before: null }));
      case "repositories":
        return comparedTopic(() => views.repositories());
      case "agents":
        return comparedTopic(() => views.agents());
      case "logs":
        return logsTopic(
          {
            latest: () => views.latestLogs(topic.run, limits.logs),
            after: (row, limit) => views.logs(topic.run, { step: null, attempt: null, level: null, after: row, limit }),
          },
          { added: limits.logs, kept: limits.logsKept },
        );
      default:
        return exhaustive(topic);
    }
  };

  const wholeRun = (run: PagedRun): RunView => {
    const view = run.stepCount <= limits.runSteps ? shownWhole(run) : undefined;
    const attempts = view?.steps.reduce((sum, { executions }) => sum + executions.length, 0) ?? Infinity;
    if (view !== undefined && attempts <= limits.runSteps) return view;
    const most = `${limits.runSteps} steps and ${limits.runSteps} attempts at them`;
    throw new ViewTooCostly(`a live view shows at most ${most}, this run has more: ask for it when you need it`);
  };

  const nextOf = (subscription: number, topic: Topic): TopicEvent | null => {
    const known = live.get(subscription) ?? begin(topic);
    live.set(subscription, known);
    const event = known.next();
    return event === undefined ? errorEvent(notFound("run_not_found", "run" in topic ? topic.run : "")) : event;
  };

  return {
    next(subscription, name) {
      const topic = parseTopic(name);
      const event = topic === undefined ? errorEvent(unknownTopic(name)) : nextOf(subscription, topic);
      if (event?.kind === "error") live.delete(subscription);
      return event;
    },
    end(subscription) {
      live.delete(subscription);
    },
  };
}

function errorEvent({ code, message }: Failure): TopicEvent {
  return { kind: "error", code, message };
}

function unknownTopic(name: string): Failure {
  const message = `${JSON.stringify(name)} is no topic: subscribe to run/<id>, runs, repositories, agents or logs/<run>.`;
  return { code: "topic_not_found", message };
}
