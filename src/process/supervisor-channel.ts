import { type Result, failure, ok } from "../base/result.ts";
import { type Failure, isErrorCode } from "../protocol/error-codes.ts";
import {
  type ChildMessage,
  type SupervisorMessage,
  type SupervisorRequestName,
  type SupervisorRequestParams,
  type SupervisorResults,
  supervisorMessage,
} from "../protocol/supervisor-messages.ts";

/** A child's end of the lifecycle channel: the IPC channel of its process. */
export interface SupervisorChannel {
  send(message: ChildMessage): void;
  request<N extends SupervisorRequestName>(
    name: N,
    params: SupervisorRequestParams<N>,
  ): Promise<Result<SupervisorResults[N], Failure>>;
}

export interface ChannelListeners {
  /** Everything but the replies to requests. */
  onMessage(message: Exclude<SupervisorMessage, { kind: "reply" }>): void;
  /** The supervisor is gone. */
  onClosed(): void;
}

export function openSupervisorChannel(listeners: ChannelListeners): SupervisorChannel {
  const waiting = new Map<number, (reply: Result<unknown, Failure>) => void>();
  let lastRequest = 0;

  const send = (message: ChildMessage): void => {
    if (process.connected) process.send?.(message);
  };

  process.on("message", (input) => {
    const message = supervisorMessage.parse(input);
    if (message.kind !== "reply") return listeners.onMessage(message);
    waiting.get(message.id)?.(message.ok ? ok(message.value) : failure(asFailure(message.error)));
    waiting.delete(message.id);
  });
  process.on("disconnect", () => listeners.onClosed());

  return {
    send,
    request(name, params) {
      lastRequest += 1;
      const id = lastRequest;
      send({ kind: "request", id, name, params });
      // The supervisor answers a name with the result that the catalogue states for it.
      return new Promise((resolve) => waiting.set(id, resolve as (reply: Result<unknown, Failure>) => void));
    },
  };
}

function asFailure({
  code,
  message,
  details,
}: {
  code: string;
  message: string;
  details?: Record<string, unknown> | undefined;
}): Failure {
  const known = isErrorCode(code) ? code : "internal";
  return details === undefined ? { code: known, message } : { code: known, message, details };
}
