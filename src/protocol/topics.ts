import type { ErrorCode } from "./error-codes.ts";
import type { Patch } from "./patch.ts";
import { parseRunId } from "./ids.ts";

/** A live view of one environment. A subscriber gets its whole value, then numbered patches. */
export type Topic =
  | { readonly kind: "run"; readonly run: string }
  | { readonly kind: "runs" }
  | { readonly kind: "repositories" }
  | { readonly kind: "agents" }
  | { readonly kind: "logs"; readonly run: string };

/**
 * What a subscriber hears. Versions count from 1 and never skip; after a gap (the server coalesces for a slow reader) comes a whole
 * `value` again.
 */
export type TopicEvent =
  | { readonly kind: "value"; readonly version: number; readonly value: unknown }
  | { readonly kind: "patch"; readonly version: number; readonly patch: Patch }
  | { readonly kind: "error"; readonly code: ErrorCode; readonly message: string };

// On the WebSocket `E/topics` both sides speak JSON text:
//   client: ["subscribe", id, "run/RxYz…"]   ["unsubscribe", id]           (id: a number chosen by the client)
//   server: ["value", id, version, value]    ["patch", id, version, patch]  ["error", id, {code, message}]

/** Reads a topic's name: `run/<id>`, `runs`, `repositories`, `agents`, `logs/<run>`. */
export function parseTopic(name: string): Topic | undefined {
  if (name === "runs" || name === "repositories" || name === "agents") return { kind: name };
  const [kind, run, ...rest] = name.split("/");
  if ((kind !== "run" && kind !== "logs") || rest.length > 0) return undefined;
  return run !== undefined && parseRunId(run) !== undefined ? { kind, run } : undefined;
}

export function topicName(topic: Topic): string {
  return topic.kind === "run" || topic.kind === "logs" ? `${topic.kind}/${topic.run}` : topic.kind;
}
