import type { Ms } from "../base/clock.ts";
import type { Result } from "../base/result.ts";
import type { Failure } from "../protocol/error-codes.ts";
import type { FatalCode } from "../protocol/supervisor-messages.ts";
import type { Answer, Query } from "./reading.ts";

// What the orchestrator and its reader's thread say to each other.

export interface ReaderConfig {
  /** Of environment.db. */
  readonly path: string;
}

export interface ToReader {
  readonly id: number;
  readonly query: Query;
}

export type FromReader =
  | {
      readonly kind: "answer";
      readonly id: number;
      readonly result: Result<Answer, Failure>;
      /** How long it took. */
      readonly costMs: Ms;
    }
  /** The database failed under the reader: the process cannot go on. */
  | { readonly kind: "fatal"; readonly code: FatalCode; readonly message: string };
