import type { Ms, Timers } from "../base/clock.ts";
import { type Result, failure } from "../base/result.ts";
import type { Failure } from "../protocol/error-codes.ts";
import type {
  ChildMessage,
  SupervisorRequestName,
  SupervisorRequestParams,
  SupervisorResults,
} from "../protocol/supervisor-messages.ts";

// What a child asks its supervisor. A request may take as long as it takes (a restart waits for a migration), as long as the supervisor shows
// that it lives: it pings every second.

/** A supervisor that has said nothing for so many looks has stopped: nobody waits for it any longer. A stall of our own is one look. */
const SUPERVISOR_LOOK_MS: Ms = 1_000;
const SUPERVISOR_SILENT_LOOKS = 10;

export interface SupervisorRequests {
  request<N extends SupervisorRequestName>(
    name: N,
    params: SupervisorRequestParams<N>,
  ): Promise<Result<SupervisorResults[N], Failure>>;
  /** It said anything at all. */
  heard(): void;
  /** An answer to what nobody waits for any more changes nothing. */
  answered(id: number, result: Result<unknown, Failure>): void;
}

interface Open {
  readonly name: SupervisorRequestName;
  readonly settle: (result: Result<unknown, Failure>) => void;
}

export function createSupervisorRequests(timers: Timers, send: (message: ChildMessage) => void): SupervisorRequests {
  const open = new Map<number, Open>();
  let lastId = 0;
  let silentLooks = 0;
  let isLooking = false;

  const settle = (id: number, result: Result<unknown, Failure>): void => {
    const request = open.get(id);
    open.delete(id);
    request?.settle(result);
  };

  const lookAgain = (): void => {
    isLooking = open.size > 0;
    if (!isLooking) return;
    timers.after(SUPERVISOR_LOOK_MS, () => {
      silentLooks += 1;
      if (silentLooks >= SUPERVISOR_SILENT_LOOKS) {
        for (const [id, { name }] of open) settle(id, failure(silent(name)));
      }
      lookAgain();
    });
  };

  return {
    request: (name, params) =>
      new Promise((resolve) => {
        const id = ++lastId;
        // The supervisor is the same build as this child, and its handlers are typed by the same table.
        open.set(id, { name, settle: (result) => resolve(result as Parameters<typeof resolve>[0]) });
        send({ kind: "request", id, name, params });
        if (isLooking) return;
        silentLooks = 0;
        lookAgain();
      }),
    heard() {
      silentLooks = 0;
    },
    answered: settle,
  };
}

/** Of a request that changes something nobody knows whether the supervisor still gets to it. */
function silent(name: SupervisorRequestName): Failure {
  const seconds = (SUPERVISOR_LOOK_MS * SUPERVISOR_SILENT_LOOKS) / 1_000;
  const message = `the supervisor of the server has said nothing for ${seconds} s: it was stopped, or the machine has no time for it`;
  const isRead = /^(?:list|show|ensure)-/.test(name);
  return { code: isRead ? "overloaded" : "outcome_unknown", message, details: { retryAfterMs: 5_000 } };
}
