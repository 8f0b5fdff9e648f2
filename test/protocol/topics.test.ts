import { expect, test } from "vitest";
import { parseTopic, topicName } from "../../src/protocol/topics.ts";

test.each(["runs", "repositories", "agents", "run/Rbcdfghjk", "logs/Rbcdfghjk"])("%s is a topic", (name) => {
  const topic = parseTopic(name);
  expect(topic && topicName(topic)).toBe(name);
});

test.each(["", "queue", "run", "run/", "run/x", "run/Rbcdfghjk/1", "logs/../x", "runs/Rbcdfghjk", "__proto__"])(
  "%j is none",
  (name) => {
    expect(parseTopic(name)).toBeUndefined();
  },
);
