import type { Clock } from "../base/clock.ts";
import { type Result, failure, ok } from "../base/result.ts";
import { exhaustive } from "../base/exhaustive.ts";
import type { Failure } from "../protocol/error-codes.ts";
import {
  READ_LIMIT_MS,
  READ_PAGE_ATTEMPTS,
  READ_PAGE_STEPS,
  RUN_VIEW_CHARACTERS,
  TOPIC_LOGS,
  TOPIC_LOGS_KEPT,
  TOPIC_RUNS,
  TOPIC_RUN_STEPS,
  defaultLimits,
} from "./limits.ts";
import { type JsonText, jsonText, runText } from "./json-text.ts";
import type { Database } from "./store/database.ts";
import { type Read, answerRead, found } from "./views/answer-read.ts";
import { createSubscriptions } from "./views/subscriptions.ts";
import { ViewTooCostly } from "./views/view-budget.ts";
import { createViews } from "./views/views.ts";

// What people look at, from query to the text of the answer. In a running orchestrator this happens in a thread of its own (reader-worker.ts).

export type Query =
  | { readonly kind: "read"; readonly read: Read }
  /** What to say next to a subscription, which begins with the first such query. */
  | { readonly kind: "next-event"; readonly subscription: number; readonly topic: string }
  | { readonly kind: "end-subscription"; readonly subscription: number };

export interface Answer {
  /** The reply or event; null when there is nothing to say. */
  readonly json: JsonText | null;
  /** An event that says that no more will come. */
  readonly isLast: boolean;
}

/** Makes the function that answers from a connection that only reads. It throws what is neither the asker's fault nor a matter of time. */
export function createReading(db: Database, clock: Clock): (query: Query) => Result<Answer, Failure> {
  const views = createViews(db, clock, {
    timeMs: READ_LIMIT_MS,
    runCharacters: RUN_VIEW_CHARACTERS,
    runPageSteps: READ_PAGE_STEPS,
    runPageAttempts: READ_PAGE_ATTEMPTS,
    waitingPerSession: defaultLimits.waitingPerSession,
  });
  const subscriptions = createSubscriptions(views, {
    runSteps: TOPIC_RUN_STEPS,
    runs: TOPIC_RUNS,
    logs: TOPIC_LOGS,
    logsKept: TOPIC_LOGS_KEPT,
  });

  const textOf = (read: Read): Result<JsonText, Failure> => {
    if (read.name === "get-run") return found(views.run(read.params.run, runText), read.params.run);
    const result = answerRead(views, read);
    return result.ok ? ok(jsonText(result.value)) : result;
  };

  const answer = (query: Query): Result<Answer, Failure> => {
    switch (query.kind) {
      case "read": {
        const result = textOf(query.read);
        return result.ok ? ok({ json: result.value, isLast: true }) : result;
      }
      case "next-event": {
        const event = subscriptions.next(query.subscription, query.topic);
        return ok({ json: event && jsonText(event), isLast: event?.kind === "error" });
      }
      case "end-subscription":
        subscriptions.end(query.subscription);
        return ok({ json: null, isLast: true });
      default:
        return exhaustive(query);
    }
  };

  return (query) => {
    try {
      return answer(query);
    } catch (error) {
      if (error instanceof ViewTooCostly) return failure({ code: "overloaded", message: error.message });
      throw error;
    }
  };
}
