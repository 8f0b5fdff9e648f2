import { MESSAGE_LIMIT_BYTES } from "../protocol/limits.ts";
import type { Outcome } from "../protocol/outcome.ts";
import { pack } from "../process/pack.ts";
import { outcomeField } from "../protocol/outcome.ts";

/** An outcome that fits into a message: of an error too large for one, the causes and the frames are left out, then most of its text. */
export function withinMessage(outcome: Outcome): Outcome {
  if (outcome.kind !== "failed") return outcome; // A value beyond a small size is a blob.
  if (fits(outcome)) return outcome;
  const { error } = outcome;
  const message = `${error.message} (its causes were too large to keep)`;
  const alone: Outcome = { kind: "failed", error: { ...error, message, cause: null, errors: null, frames: [] } };
  if (fits(alone)) return alone;
  const cut = { message: message.slice(0, 10_000), stack: error.stack.slice(0, 10_000), value: null };
  return { kind: "failed", error: { ...alone.error, ...cut } };
}

function fits(outcome: Outcome): boolean {
  return pack(outcomeField.pack(outcome)).byteLength <= MESSAGE_LIMIT_BYTES;
}
