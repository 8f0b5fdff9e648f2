import type { Link } from "../../process/link.ts";
import { type Topic, type TopicEvent, topicName } from "../../protocol/topics.ts";
import { type TopicMirror, createTopicMirror } from "./topic-mirror.ts";
import type { Failure } from "../../protocol/error-codes.ts";
import { exhaustive } from "../../base/exhaustive.ts";
import { linkTypes } from "../../protocol/link-frame.ts";
import { parseJson, readNumberedJson } from "../numbered-json.ts";

// The live views of one environment. However many browsers show a topic, the orchestrator is asked for it once: the hub mirrors its value, gives
// it to those who come later, and to slow readers in place of the patches they did not take.

/** Who listens to one topic. The JSON is written once for all listeners: `<version>,<value or patch>`. */
export interface TopicListener {
  onValue(json: string): void;
  onPatch(json: string): void;
  /** The topic is over for this listener. */
  onError(failure: Failure): void;
}

export interface TopicSubscription {
  /** The newest value again, if there is one: for a listener that left out patches. */
  repeat(): void;
  end(): void;
}

export interface TopicHub {
  subscribe(topic: Topic, listener: TopicListener): TopicSubscription;
  /** Topics that anyone listens to. */
  size(): number;
  closeAll(failure: Failure): void;

  /** The link is open: every topic is asked for (again). Its versions may begin anew; each begins with a value. */
  opened(link: Link): void;
  lost(): void;
  onEvent(payload: Buffer): void;
}

interface Feed {
  readonly name: string;
  readonly mirror: TopicMirror;
  readonly listeners: Set<TopicListener>;
  /** The number of the subscription on the link, another one each time it is asked for. */
  number: number;
}

/** `onSize` hears when a topic was added or given up. */
export function createTopicHub(onSize: () => void): TopicHub {
  const feeds = new Map<string, Feed>();
  const byNumber = new Map<number, Feed>();
  let link: Link | null = null;
  let lastNumber = 0;

  const ask = (feed: Feed): void => {
    byNumber.delete(feed.number);
    lastNumber += 1;
    feed.number = lastNumber;
    byNumber.set(feed.number, feed);
    link?.sendPacked(linkTypes.subscribe, [feed.number, feed.name]);
  };

  const giveUp = (feed: Feed): void => {
    byNumber.delete(feed.number);
    feeds.delete(feed.name);
    onSize();
  };

  const unsubscribe = (feed: Feed): void => link?.sendPacked(linkTypes.unsubscribe, [feed.number]);

  const feedOf = (topic: Topic): Feed => {
    const name = topicName(topic);
    const known = feeds.get(name);
    if (known !== undefined) return known;
    const feed: Feed = { name, mirror: createTopicMirror(), listeners: new Set(), number: 0 };
    feeds.set(name, feed);
    ask(feed);
    onSize();
    return feed;
  };

  const tell = (feed: Feed, event: TopicEvent): void => {
    switch (event.kind) {
      case "value": {
        feed.mirror.replace(event.version, event.value);
        const json = valueJson(feed.mirror);
        for (const listener of feed.listeners) listener.onValue(json);
        return;
      }
      case "patch": {
        const json = `${event.version},${JSON.stringify(event.patch)}`; // Before the mirror takes its parts over and changes them.
        if (!feed.mirror.apply(event.version, event.patch)) {
          unsubscribe(feed);
          return ask(feed);
        }
        for (const listener of feed.listeners) listener.onPatch(json);
        return;
      }
      case "error": {
        giveUp(feed);
        for (const listener of feed.listeners) listener.onError({ code: event.code, message: event.message });
        return;
      }
      default:
        exhaustive(event);
    }
  };

  return {
    subscribe(topic, listener) {
      const feed = feedOf(topic);
      feed.listeners.add(listener);
      const repeat = (): void => {
        if (feed.mirror.version() > 0) listener.onValue(valueJson(feed.mirror));
      };
      repeat();
      return {
        repeat,
        end() {
          if (!feed.listeners.delete(listener) || feed.listeners.size > 0 || feeds.get(feed.name) !== feed) return;
          unsubscribe(feed);
          giveUp(feed);
        },
      };
    },
    size: () => feeds.size,
    closeAll(failure) {
      for (const feed of feeds.values()) {
        giveUp(feed);
        for (const listener of feed.listeners) listener.onError(failure);
      }
    },
    opened(opened) {
      link = opened;
      for (const feed of feeds.values()) ask(feed);
    },
    lost() {
      link = null;
    },
    onEvent(payload) {
      const { number, json } = readNumberedJson(payload);
      const feed = byNumber.get(number);
      // An event may be under way while its subscription ends. What it holds, the orchestrator of our own version has made.
      if (feed !== undefined) tell(feed, parseJson(json) as TopicEvent);
    },
  };
}

function valueJson(mirror: TopicMirror): string {
  return `${mirror.version()},${JSON.stringify(mirror.value() ?? null)}`;
}
