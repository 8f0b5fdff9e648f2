import type { FatalCode } from "../protocol/supervisor-messages.ts";
import type { Answered } from "./reader.ts";
import type { Query } from "./reading.ts";

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
  | (Answered & { readonly kind: "answer"; readonly id: number })
  | { readonly kind: "bug"; readonly id: number; readonly stack: string }
  /** The database failed under the reader: the process cannot go on. */
  | { readonly kind: "fatal"; readonly code: FatalCode; readonly message: string };
