import { PARK_WAIT_MS, REPLY_WAIT_MS, SENDS_LIMIT } from "./limits.ts";
import type { Failure } from "../protocol/error-codes.ts";

// What a client hears whose request the orchestrator of an environment (`name`) did not answer.

export function tooMany(name: string): Failure {
  const message = `${name} has too many requests waiting; try again in a moment`;
  return { code: "overloaded", message, details: { retryAfterMs: 1_000 } };
}

export function notReadyInTime(name: string, reason: string | null): Failure {
  const because = reason === null ? "" : `: ${reason}`;
  const message = `${name} was not ready within ${PARK_WAIT_MS / 1_000} s${because}`;
  return { code: "environment_unavailable", message, details: { retryAfterMs: 2_000, reason } };
}

export function unresponsive(name: string): Failure {
  const message = `the orchestrator of ${name} does not respond; unless it does so again, it is replaced within half a minute`;
  return { code: "environment_unavailable", message, details: { retryAfterMs: 5_000 } };
}

export function noReplyInTime(name: string): Failure {
  const message = `the orchestrator of ${name} did not answer within ${REPLY_WAIT_MS / 1_000} s`;
  return { code: "environment_unavailable", message, details: { retryAfterMs: 5_000 } };
}

export function stoppedTooOften(name: string): Failure {
  const message = `the orchestrator of ${name} stopped ${SENDS_LIMIT} times while it had this request`;
  return { code: "environment_unavailable", message, details: { retryAfterMs: 5_000 } };
}

export function unknownOutcome(name: string): Failure {
  const message = `the orchestrator of ${name} stopped or fell silent while it had this request: whether it took effect is not known`;
  return { code: "outcome_unknown", message, details: { retryAfterMs: 1_000 } };
}
