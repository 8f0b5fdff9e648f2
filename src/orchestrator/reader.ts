import type { Ms } from "../base/clock.ts";
import type { Result } from "../base/result.ts";
import type { Failure } from "../protocol/error-codes.ts";
import type { Answer, Query } from "./reading.ts";

export interface Answered {
  readonly result: Result<Answer, Failure>;
  /** How long it took to compute. */
  readonly costMs: Ms;
}

/** Where queries are answered: in order, and never by an exception. */
export interface Reader {
  ask(query: Query): Promise<Answered>;
  close(): Promise<void>;
}
