import {
  ASK_AGAIN_MS,
  PARKED_BYTES_LIMIT,
  PARKED_REQUESTS_LIMIT,
  PARK_WAIT_MS,
  RECONNECT_MS,
  REPLY_WAIT_MS,
  SENDS_LIMIT,
} from "./limits.ts";
import { LINK_WINDOW_FRAMES } from "../protocol/limits.ts";
import type { Failure } from "../protocol/error-codes.ts";
import type { Ms } from "../base/clock.ts";
import { exhaustive } from "../base/exhaustive.ts";

// The way to one orchestrator, as a pure machine: events and the time in, effects out.
//
//   down       nobody needs it; a request or a connected agent makes it `starting`
//   starting   the supervisor was asked for it, or the link is being opened; requests are parked
//   ready      the link is open; requests are sent while there is credit, else parked
//              (while the supervisor says that its event loop is silent, nothing waits for it but what clients are willing to wait for)
//   leaving    the orchestrator has said goodbye; requests are parked until the link is closed and another one is open
//
// A request is parked or sent until it is answered. When the link breaks, those sent that may be repeated are parked again, before the others;
// of the rest nobody knows whether they took effect. Before its goodbye an orchestrator answers what it took, so then all are parked again.

export type ParkingPhase = "down" | "starting" | "ready" | "leaving";

export type ParkingEvent =
  /** A client asks; `bytes` is what the request holds in memory, `waitMs` how long the orchestrator may take by the client's own wish. */
  | {
      readonly kind: "request";
      readonly id: number;
      readonly bytes: number;
      readonly isRepeatable: boolean;
      readonly waitMs: Ms;
      readonly hasCredit: boolean;
    }
  /** The client has gone. */
  | { readonly kind: "gone"; readonly id: number }
  | { readonly kind: "replied"; readonly id: number }
  /** Agents or subscribers are there, or none any more. */
  | { readonly kind: "wanted"; readonly isWanted: boolean }
  | { readonly kind: "opened" }
  /** The link has room again. */
  | { readonly kind: "room" }
  /** The orchestrator says that it stops, and has answered everything it took. */
  | { readonly kind: "left" }
  /** The link broke, or did not open. */
  | { readonly kind: "lost" }
  /** The supervisor refuses to start it. */
  | { readonly kind: "refused"; readonly failure: Failure }
  /** What the supervisor says about it while it is not ready: for those who wait in vain. */
  | { readonly kind: "explained"; readonly reason: string | null }
  /** Whether the supervisor hears of it while it is ready. */
  | { readonly kind: "responds"; readonly isResponsive: boolean }
  | { readonly kind: "tick" };

export type ParkingEffect =
  /** Ask the supervisor for it, then open the link. */
  | { readonly kind: "ask" }
  /** `waitedMs`: how long it was parked, to be taken off the client's wish. */
  | { readonly kind: "send"; readonly id: number; readonly waitedMs: Ms }
  /** Tell the orchestrator that nobody waits for this reply any more. */
  | { readonly kind: "forget"; readonly id: number }
  | { readonly kind: "fail"; readonly id: number; readonly failure: Failure };

export interface Parking {
  take(event: ParkingEvent, now: Ms): readonly ParkingEffect[];
  phase(): ParkingPhase;
  /** Requests that wait to be sent. */
  parkedCount(): number;
  /** Whether anything is waited for, so that ticks are needed. */
  isWaiting(): boolean;
}

interface Pending {
  readonly id: number;
  readonly bytes: number;
  readonly isRepeatable: boolean;
  readonly waitMs: Ms;
  readonly arrivedAt: Ms;
  readonly sends: number;
  readonly deadlineAt: Ms;
}

/** Sent at once when there is room, before the link is asked whether there still is. */
const RELEASE_AT_ONCE = LINK_WINDOW_FRAMES / 4;

/** `name` is what messages call the environment. */
export function createParking(name: string): Parking {
  let phase: ParkingPhase = "down";
  let isWanted = false;
  let isResponsive = true;
  let askAgainAt: Ms | null = null;
  let reason: string | null = null;
  let parked = new Map<number, Pending>(); // In the order in which they will be sent.
  let parkedBytes = 0;
  const sent = new Map<number, Pending>();

  const ask = (): ParkingEffect[] => {
    phase = "starting";
    askAgainAt = null;
    return [{ kind: "ask" }];
  };

  const send = (request: Pending, now: Ms): ParkingEffect => {
    const waitedMs = now - request.arrivedAt;
    const deadlineAt = now + REPLY_WAIT_MS + Math.max(0, request.waitMs - waitedMs);
    sent.set(request.id, { ...request, sends: request.sends + 1, deadlineAt });
    return { kind: "send", id: request.id, waitedMs };
  };

  const park = (request: Pending): ParkingEffect[] => {
    if (parked.size >= PARKED_REQUESTS_LIMIT || parkedBytes + request.bytes > PARKED_BYTES_LIMIT) {
      return [{ kind: "fail", id: request.id, failure: tooMany(name) }];
    }
    parked.set(request.id, request);
    parkedBytes += request.bytes;
    return [];
  };

  const unpark = (request: Pending): void => {
    parked.delete(request.id);
    parkedBytes -= request.bytes;
  };

  const release = (now: Ms): ParkingEffect[] => {
    const effects: ParkingEffect[] = [];
    for (const request of parked.values()) {
      if (effects.length >= RELEASE_AT_ONCE) break;
      unpark(request);
      effects.push(send(request, now));
    }
    return effects;
  };

  const failAllParked = (failure: Failure): ParkingEffect[] => {
    const effects = [...parked.keys()].map((id): ParkingEffect => ({ kind: "fail", id, failure }));
    parked = new Map();
    parkedBytes = 0;
    return effects;
  };

  /** Parks what was sent, before what is parked. `isTaken`: the orchestrator may have taken it. */
  const parkAgain = (now: Ms, isTaken: boolean): ParkingEffect[] => {
    const waiting = [...parked.values()];
    const underWay = [...sent.values()];
    parked = new Map();
    parkedBytes = 0;
    sent.clear();
    const effects = underWay.flatMap((request): ParkingEffect[] => {
      if (!isTaken) return park({ ...request, sends: request.sends - 1, deadlineAt: now + PARK_WAIT_MS });
      if (!request.isRepeatable) return [{ kind: "fail", id: request.id, failure: unknownOutcome(name) }];
      if (request.sends >= SENDS_LIMIT) return [{ kind: "fail", id: request.id, failure: stoppedTooOften(name) }];
      return park({ ...request, deadlineAt: now + PARK_WAIT_MS });
    });
    return [...effects, ...waiting.flatMap(park)];
  };

  const onRequest = (event: Extract<ParkingEvent, { kind: "request" }>, now: Ms): ParkingEffect[] => {
    if (!isResponsive) return [{ kind: "fail", id: event.id, failure: unresponsive(name) }];
    const request: Pending = { ...event, arrivedAt: now, sends: 0, deadlineAt: now + PARK_WAIT_MS };
    // Never before one that is parked: clients of one connection rely on their order.
    if (phase === "ready" && event.hasCredit && parked.size === 0) return [send(request, now)];
    const effects = park(request);
    return phase === "down" && effects.length === 0 ? ask() : effects;
  };

  const onGone = (id: number): ParkingEffect[] => {
    const waiting = parked.get(id);
    if (waiting !== undefined) unpark(waiting);
    return sent.delete(id) ? [{ kind: "forget", id }] : [];
  };

  const onLost = (now: Ms): ParkingEffect[] => {
    const wasOpen = phase === "ready" || phase === "leaving";
    phase = "down";
    const effects = parkAgain(now, true);
    if (!isWanted && parked.size === 0) return effects;
    if (wasOpen) return [...effects, ...ask()];
    phase = "starting"; // A link that did not open is not tried again at once, or it would be tried without end.
    askAgainAt = now + RECONNECT_MS;
    return effects;
  };

  const onRefused = (failure: Failure, now: Ms): ParkingEffect[] => {
    if (phase !== "starting") return [];
    phase = "down";
    askAgainAt = isWanted ? now + ASK_AGAIN_MS : null;
    return failAllParked(failure);
  };

  /** Whoever has waited for as long as they wished need not wait until it is killed. */
  const onSilence = (now: Ms): ParkingEffect[] => {
    const effects = failAllParked(unresponsive(name));
    for (const request of sent.values()) {
      if (now < request.arrivedAt + request.waitMs) continue;
      sent.delete(request.id);
      const failure = request.isRepeatable ? unresponsive(name) : unknownOutcome(name);
      effects.push({ kind: "forget", id: request.id }, { kind: "fail", id: request.id, failure });
    }
    return effects;
  };

  const onTick = (now: Ms): ParkingEffect[] => {
    const effects: ParkingEffect[] = [];
    for (const request of parked.values()) {
      if (request.deadlineAt > now) continue;
      unpark(request);
      const failure = phase === "ready" ? tooMany(name) : notReadyInTime(name, reason);
      effects.push({ kind: "fail", id: request.id, failure });
    }
    for (const request of sent.values()) {
      if (request.deadlineAt > now) continue;
      sent.delete(request.id);
      const failure = request.isRepeatable ? noReplyInTime(name) : unknownOutcome(name);
      effects.push({ kind: "forget", id: request.id }, { kind: "fail", id: request.id, failure });
    }
    if (askAgainAt !== null && askAgainAt <= now && (isWanted || parked.size > 0)) effects.push(...ask());
    return effects;
  };

  return {
    phase: () => phase,
    parkedCount: () => parked.size,
    isWaiting: () => parked.size > 0 || sent.size > 0 || askAgainAt !== null,
    take(event, now) {
      switch (event.kind) {
        case "request":
          return onRequest(event, now);
        case "gone":
          return onGone(event.id);
        case "replied":
          sent.delete(event.id);
          return [];
        case "wanted":
          isWanted = event.isWanted;
          return isWanted && phase === "down" ? ask() : [];
        case "opened":
          phase = "ready";
          askAgainAt = null;
          return release(now);
        case "room":
          return phase === "ready" ? release(now) : [];
        case "left":
          phase = "leaving";
          return parkAgain(now, false);
        case "lost":
          return onLost(now);
        case "refused":
          return onRefused(event.failure, now);
        case "explained":
          reason = event.reason;
          return [];
        case "responds":
          isResponsive = event.isResponsive;
          return isResponsive ? [] : onSilence(now);
        case "tick":
          return onTick(now);
        default:
          return exhaustive(event);
      }
    },
  };
}

function tooMany(name: string): Failure {
  const message = `${name} has too many requests waiting; try again in a moment.`;
  return { code: "overloaded", message, details: { retryAfterMs: 1_000 } };
}

function notReadyInTime(name: string, reason: string | null): Failure {
  const because = reason === null ? "" : `: ${reason}`;
  const message = `${name} was not ready within ${PARK_WAIT_MS / 1_000} s${because}.`;
  return { code: "environment_unavailable", message, details: { retryAfterMs: 2_000, reason } };
}

function unresponsive(name: string): Failure {
  const message = `The orchestrator of ${name} does not respond; unless it does so again, it is replaced within half a minute.`;
  return { code: "environment_unavailable", message, details: { retryAfterMs: 5_000 } };
}

function noReplyInTime(name: string): Failure {
  const message = `The orchestrator of ${name} did not answer within ${REPLY_WAIT_MS / 1_000} s.`;
  return { code: "environment_unavailable", message, details: { retryAfterMs: 5_000 } };
}

function stoppedTooOften(name: string): Failure {
  const message = `The orchestrator of ${name} stopped ${SENDS_LIMIT} times while it had this request.`;
  return { code: "environment_unavailable", message, details: { retryAfterMs: 5_000 } };
}

function unknownOutcome(name: string): Failure {
  const message = `The orchestrator of ${name} stopped or fell silent while it had this request: whether it took effect is not known.`;
  return { code: "outcome_unknown", message, details: { retryAfterMs: 1_000 } };
}
