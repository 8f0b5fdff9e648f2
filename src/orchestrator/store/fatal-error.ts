import type { FatalCode } from "../../protocol/supervisor-messages.ts";

/** Why the database of an environment cannot be opened, or can no longer be trusted. */
export interface FatalFailure {
  readonly code: FatalCode;
  readonly message: string;
}

/** The process cannot go on: whoever catches this tells the supervisor and exits. Nothing of the batch under way was kept. */
export class FatalError extends Error {
  override readonly name = "FatalError";
  readonly code: FatalCode;

  constructor(code: FatalCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
