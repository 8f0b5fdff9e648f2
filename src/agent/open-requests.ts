import type { RelayedAgentMessage } from "../protocol/executor-messages.ts";

// Requests that the server has not answered. An answer may be lost with the connection; so after each welcome the agent asks again for every
// one that is still missing. A request that is still in the outbox is not repeated: its frame will be.

export type RequestMessage = Extract<RelayedAgentMessage, { readonly kind: "submit" | "await" | "cancel" }>;

interface OpenRequest {
  readonly message: RequestMessage;
  /** The frame it first travels in. */
  readonly sequence: number;
}

export interface OpenRequests {
  open(message: RequestMessage, sequence: number): void;
  /** The request was answered, or its waiting is over. False when it was not open: a second answer. */
  close(caller: string, request: number): boolean;
  /** Nobody waits any more: the caller has ended. */
  closeAll(caller: string): void;
  /** What the server has received in a frame up to `sequence` and not answered, in the order of asking. */
  receivedUpTo(sequence: number): readonly RequestMessage[];
  reset(): void;
}

export function createOpenRequests(): OpenRequests {
  const byCaller = new Map<string, Map<number, OpenRequest>>();

  return {
    open(message, sequence) {
      const requests = byCaller.get(message.caller) ?? new Map<number, OpenRequest>();
      byCaller.set(message.caller, requests.set(message.request, { message, sequence }));
    },
    close(caller, request) {
      const requests = byCaller.get(caller);
      const wasOpen = requests?.delete(request) ?? false;
      if (requests?.size === 0) byCaller.delete(caller);
      return wasOpen;
    },
    closeAll: (caller) => void byCaller.delete(caller),
    receivedUpTo(sequence) {
      const requests = [...byCaller.values()].flatMap((open) => [...open.values()]);
      return requests.filter((open) => open.sequence <= sequence).map(({ message }) => message);
    },
    reset: () => byCaller.clear(),
  };
}
