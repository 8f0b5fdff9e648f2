import type { Cancel, Clock, Ms, Timers } from "../base/clock.ts";
import { exhaustive } from "../base/exhaustive.ts";
import type { Failure } from "../protocol/error-codes.ts";
import type { TopicEvent } from "../protocol/topics.ts";
import type { Effect } from "./effect.ts";
import { SUBSCRIPTIONS, TOPICS_CORE_SHARE, TOPIC_CORE_SHARE, TOPIC_INTERVAL_MS } from "./limits.ts";
import { type JsonText, jsonText } from "./json-text.ts";
import type { Answered, Reader } from "./reader.ts";
import { createTurns } from "./turns.ts";

// Who subscribes to what, and when to tell them. A subscription is asked about when something it shows may have changed, at most every
// TOPIC_INTERVAL_MS, less often if it takes long, and not while the link has no credit: then all that has changed since is one event. They ask
// one after the other, and leave time between them for those who read: the thread is the same.

/** The way to the subscribers. */
export interface TopicPort {
  /** The event as JSON. */
  sendEvent(subscription: number, event: JsonText): void;
  hasCredit(): boolean;
}

export interface Topics {
  subscribe(subscription: number, topic: string): void;
  unsubscribe(subscription: number): void;
  unsubscribeAll(): void;
  /** Effects of a committed batch; some of them change what views show. */
  changed(effects: readonly Effect[]): void;
  /** The link has credit again. */
  creditIsBack(): void;
  count(): number;
}

export interface TopicsParts {
  readonly reader: Reader;
  readonly port: TopicPort;
  readonly clock: Clock;
  readonly timers: Timers;
}

interface Subscription {
  readonly number: number;
  readonly topic: string;
  /** Something that it shows may have changed since the reader was last asked. */
  isStale: boolean;
  /** The reader is at it. */
  isAsked: boolean;
  /** Not before this, in monotonic time. */
  nextAt: Ms;
  cancelTimer: Cancel | null;
}

export function createTopics({ reader, port, clock, timers }: TopicsParts): Topics {
  const subscriptions = new Map<number, Subscription>();
  const byTopic = new Map<string, Set<Subscription>>();

  const pump = (subscription: Subscription): void => {
    if (!subscription.isStale || subscription.isAsked || subscription.cancelTimer !== null || !port.hasCredit()) return;
    const waitMs = subscription.nextAt - clock.monotonic();
    if (waitMs > 0) pumpLater(subscription, waitMs);
    else turns.add(subscription);
  };

  const ask = async (subscription: Subscription): Promise<Ms> => {
    if (!port.hasCredit()) return 0; // It is still stale: its turn comes with the credit.
    subscription.isStale = false;
    subscription.isAsked = true;
    const { number, topic } = subscription;
    const answered = await reader.ask({ kind: "next-event", subscription: number, topic });
    subscription.isAsked = false;
    if (subscriptions.get(number) === subscription) tell(subscription, answered);
    return answered.costMs;
  };
  const turns = createTurns({ timers, share: TOPICS_CORE_SHARE, take: ask });

  const pumpLater = (subscription: Subscription, waitMs: Ms): void => {
    subscription.cancelTimer = timers.after(waitMs, () => {
      subscription.cancelTimer = null;
      pump(subscription);
    });
  };

  const tell = (subscription: Subscription, { result, costMs }: Answered): void => {
    const { number } = subscription;
    subscription.nextAt = clock.monotonic() + Math.max(TOPIC_INTERVAL_MS, costMs / TOPIC_CORE_SHARE);
    if (!result.ok) {
      tellError(number, result.error);
      return remove(number);
    }
    if (result.value.json !== null) port.sendEvent(number, result.value.json);
    if (result.value.isLast) remove(number);
    else pump(subscription);
  };

  const tellError = (number: number, { code, message }: Failure): void => {
    const event: TopicEvent = { kind: "error", code, message };
    port.sendEvent(number, jsonText(event));
  };

  const stale = (topic: string): void => {
    for (const subscription of byTopic.get(topic) ?? []) {
      subscription.isStale = true;
      pump(subscription);
    }
  };

  /** Ends it here, and in the reader. */
  const remove = (number: number): void => {
    if (!subscriptions.has(number)) return;
    forget(number);
    void reader.ask({ kind: "end-subscription", subscription: number });
  };

  const forget = (number: number): void => {
    const subscription = subscriptions.get(number);
    if (subscription === undefined) return;
    subscriptions.delete(number);
    subscription.cancelTimer?.();
    turns.remove(subscription);
    const sharing = byTopic.get(subscription.topic);
    sharing?.delete(subscription);
    if (sharing?.size === 0) byTopic.delete(subscription.topic);
  };

  return {
    subscribe(number, topic) {
      remove(number); // The number of one that has ended may come again.
      if (subscriptions.size >= SUBSCRIPTIONS) {
        const message = `${SUBSCRIPTIONS} live views are subscribed to already; close some`;
        return tellError(number, { code: "overloaded", message });
      }
      const subscription = { number, topic, isStale: true, isAsked: false, nextAt: 0, cancelTimer: null };
      subscriptions.set(number, subscription);
      byTopic.set(topic, (byTopic.get(topic) ?? new Set()).add(subscription));
      pump(subscription);
    },
    unsubscribe: remove,
    unsubscribeAll() {
      for (const number of subscriptions.keys()) remove(number);
    },
    changed(effects) {
      if (subscriptions.size === 0) return;
      const topics = new Set<string>();
      for (const effect of effects) for (const topic of topicsShowing(effect, byTopic.keys())) topics.add(topic);
      for (const topic of topics) stale(topic);
    },
    creditIsBack() {
      for (const subscription of subscriptions.values()) pump(subscription);
    },
    count: () => subscriptions.size,
  };
}

/** The topics, among those that are subscribed to, whose views show what changed. The reasons in a run's view follow from agents and environment too. */
function topicsShowing(effect: Effect, subscribed: Iterable<string>): string[] {
  switch (effect.kind) {
    case "run-changed":
    case "run-final":
      return [`run/${effect.run}`];
    case "logs-changed":
      return [`logs/${effect.run}`];
    case "runs-changed":
      return ["runs"];
    case "repositories-changed":
      return ["repositories"];
    case "agents-changed":
      return ["agents", "repositories", ...runTopics(subscribed)];
    case "environment-changed":
      return [...runTopics(subscribed)];
    case "agent-command":
    case "close-session":
      return [];
    default:
      return exhaustive(effect);
  }
}

function runTopics(subscribed: Iterable<string>): string[] {
  return [...subscribed].filter((topic) => topic.startsWith("run/"));
}
