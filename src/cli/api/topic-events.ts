import { parseJson } from "../../base/json.ts";
import { applyPatch, type Patch } from "../../protocol/patch.ts";
import type { Failure } from "../../protocol/error-codes.ts";
import { asFailure, readFailure } from "../../protocol/read-failure.ts";

// What the server says on `E/topics` (protocol/topics.ts), read into the value of one topic.

/** The value so far; null before the first. */
export interface TopicState {
  readonly version: number;
  readonly value: unknown;
}

export type TopicStep =
  | { readonly kind: "value"; readonly state: TopicState }
  /** The topic is refused. */
  | { readonly kind: "refused"; readonly failure: Failure }
  /** A version is missing, or the message is none that this side knows: ask for the topic anew. */
  | { readonly kind: "lost" };

/** The members of a message, of which the second is the number of the subscription; undefined for what is no message. */
export function parseTopicMessage(text: string): readonly unknown[] | undefined {
  const message = parseJson(text);
  return Array.isArray(message) ? message : undefined;
}

/** The state after one message. */
export function readTopicMessage(state: TopicState | null, message: readonly unknown[]): TopicStep {
  switch (message[0]) {
    case "value":
      return typeof message[2] === "number"
        ? { kind: "value", state: { version: message[2], value: message[3] } }
        : { kind: "lost" };
    case "patch":
      return applyNext(state, message[2], message[3]);
    case "error":
      return { kind: "refused", failure: asFailure(readFailure(message[2]) ?? nameless) };
    default:
      return { kind: "lost" };
  }
}

function applyNext(state: TopicState | null, version: unknown, patch: unknown): TopicStep {
  if (state === null || version !== state.version + 1 || !isPatch(patch)) return { kind: "lost" };
  try {
    return { kind: "value", state: { version, value: applyPatch(state.value, patch) } };
  } catch {
    return { kind: "lost" }; // It does not fit: the value here is not the one there.
  }
}

/** What a refusal without a failure in it counts as. */
const nameless = { code: "internal", message: "the topic is refused" };

function isPatch(patch: unknown): patch is Patch {
  return Array.isArray(patch) && patch.every((operation) => Array.isArray(operation) && Array.isArray(operation[0]));
}
