import { exhaustive } from "../base/exhaustive.ts";
import type { RelayedAgentCommand, RelayedAgentMessage } from "../protocol/executor-messages.ts";
import { HELLO_KNOWN_LIMIT } from "./limits.ts";
import { createOpenRequests } from "./open-requests.ts";
import { type OutboxFrame, createOutbox } from "./outbox.ts";

// What an agent remembers of a session, whatever happens to its connections: what it said and the server has not committed, what it asked and
// the server has not answered, and what it was given and has not finished.

export interface SessionMemory {
  /** Says something; it travels with the next `seal` and is kept until acknowledged. */
  post(message: RelayedAgentMessage): void;
  /** What was said since the last time, as frames to be sent. */
  seal(): readonly OutboxFrame[];
  /** Whether a command says something new; what arrives twice stops here. */
  readonly isNews: (command: RelayedAgentCommand) => boolean;
  /** The server has committed the frames up to this number. */
  acknowledge(sequence: number): void;
  /** A connection is open again: the frames that the server does not have. The questions without an answer are posted again. */
  resume(lastSequence: number): readonly OutboxFrame[];
  /** Executions that were received and whose end is not acknowledged, as far as a hello can name them. */
  known(): readonly string[];
  /** The server has acknowledged the end of every execution that it gave. */
  hasEndedAll(): boolean;
  /** Nothing that was said waits for its acknowledgement. */
  isEmpty(): boolean;
  /** Bytes that wait for their acknowledgement. */
  bytes(): number;
  reset(): void;
}

export function createSessionMemory(): SessionMemory {
  const outbox = createOutbox();
  const requests = createOpenRequests();
  const known = new Set<string>();

  const acknowledge = (sequence: number): void => {
    if (sequence <= outbox.lastAcknowledged()) return;
    for (const frame of outbox.acknowledge(sequence)) for (const execution of frame.ended) known.delete(execution);
  };

  return {
    post(message) {
      if (message.kind === "submit" || message.kind === "await" || message.kind === "cancel") {
        requests.open(message, outbox.nextSequence());
      }
      if (message.kind === "unawait") requests.close(message.caller, message.request);
      if (message.kind === "outcome") requests.closeAll(message.execution);
      outbox.add(message);
    },
    seal: () => outbox.seal(),
    isNews(command) {
      switch (command.kind) {
        case "execute":
          if (known.has(command.execution)) return false;
          known.add(command.execution);
          return true;
        case "submitted":
        case "refused":
        case "answer":
        case "done":
          return requests.close(command.caller, command.request);
        case "abort":
          requests.closeAll(command.execution);
          return true;
        case "drain":
          return true;
        default:
          return exhaustive(command);
      }
    },
    acknowledge,
    resume(lastSequence) {
      acknowledge(lastSequence);
      const frames = outbox.unacknowledged();
      for (const request of requests.receivedUpTo(lastSequence)) outbox.add(request);
      return frames;
    },
    known: () => [...known].slice(0, HELLO_KNOWN_LIMIT),
    hasEndedAll: () => known.size === 0,
    isEmpty: () => outbox.isEmpty(),
    bytes: () => outbox.bytes(),
    reset() {
      outbox.reset();
      requests.reset();
      known.clear();
    },
  };
}
