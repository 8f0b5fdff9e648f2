import { ASK_AGAIN_MS, PARK_WAIT_MS, RECONNECT_MS, REPLY_WAIT_MS, SENDS_LIMIT } from "./limits.ts";
import { LINK_WINDOW_FRAMES } from "../protocol/limits.ts";
import {
  noReplyInTime,
  notReadyInTime,
  stoppedTooOften,
  tooMany,
  unknownOutcome,
  unresponsive,
} from "./parking-failures.ts";
import { type ParkedRequest, createParkedRequests } from "./parked-requests.ts";
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

interface Pending extends ParkedRequest {
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
  const parked = createParkedRequests<Pending>();
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

  const park = (request: Pending): ParkingEffect[] => (parked.add(request) ? [] : [fail(request, tooMany(name))]);

  const release = (now: Ms): ParkingEffect[] => {
    const effects: ParkingEffect[] = [];
    for (const request of parked.all()) {
      if (effects.length >= RELEASE_AT_ONCE) break;
      parked.remove(request.id);
      effects.push(send(request, now));
    }
    return effects;
  };

  const failAllParked = (failure: Failure): ParkingEffect[] =>
    parked.takeAll().map((request) => fail(request, failure));

  /** Waits no longer for a reply. Of what may not be repeated nobody knows whether it took effect. */
  const giveUp = (request: Pending, failure: Failure): ParkingEffect[] => {
    sent.delete(request.id);
    const told = request.isRepeatable ? failure : unknownOutcome(name);
    return [{ kind: "forget", id: request.id }, fail(request, told)];
  };

  /** Parks what was sent, before what is parked. `isTaken`: the orchestrator may have taken it. */
  const parkAgain = (now: Ms, isTaken: boolean): ParkingEffect[] => {
    const waiting = parked.takeAll();
    const underWay = [...sent.values()];
    sent.clear();
    const effects = underWay.flatMap((request): ParkingEffect[] => {
      if (!isTaken) return park({ ...request, sends: request.sends - 1, deadlineAt: now + PARK_WAIT_MS });
      if (!request.isRepeatable) return [fail(request, unknownOutcome(name))];
      if (request.sends >= SENDS_LIMIT) return [fail(request, stoppedTooOften(name))];
      return park({ ...request, deadlineAt: now + PARK_WAIT_MS });
    });
    return [...effects, ...waiting.flatMap(park)];
  };

  const onRequest = (event: Extract<ParkingEvent, { kind: "request" }>, now: Ms): ParkingEffect[] => {
    if (!isResponsive) return [fail(event, unresponsive(name))];
    const request: Pending = { ...event, arrivedAt: now, sends: 0, deadlineAt: now + PARK_WAIT_MS };
    // Never before one that is parked: clients of one connection rely on their order.
    if (phase === "ready" && event.hasCredit && parked.size() === 0) return [send(request, now)];
    const effects = park(request);
    return phase === "down" && effects.length === 0 ? ask() : effects;
  };

  const onGone = (id: number): ParkingEffect[] => {
    parked.remove(id);
    return sent.delete(id) ? [{ kind: "forget", id }] : [];
  };

  const onLost = (now: Ms): ParkingEffect[] => {
    const wasOpen = phase === "ready" || phase === "leaving";
    phase = "down";
    const effects = parkAgain(now, true);
    if (!isWanted && parked.size() === 0) return effects;
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
      if (now >= request.arrivedAt + request.waitMs) effects.push(...giveUp(request, unresponsive(name)));
    }
    return effects;
  };

  const onTick = (now: Ms): ParkingEffect[] => {
    const effects: ParkingEffect[] = [];
    for (const request of parked.all()) {
      if (request.deadlineAt > now) continue;
      parked.remove(request.id);
      effects.push(fail(request, phase === "ready" ? tooMany(name) : notReadyInTime(name, reason)));
    }
    for (const request of sent.values()) {
      if (request.deadlineAt <= now) effects.push(...giveUp(request, noReplyInTime(name)));
    }
    if (askAgainAt !== null && askAgainAt <= now && (isWanted || parked.size() > 0)) effects.push(...ask());
    return effects;
  };

  return {
    phase: () => phase,
    parkedCount: () => parked.size(),
    isWaiting: () => parked.size() > 0 || sent.size > 0 || askAgainAt !== null,
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

function fail({ id }: { readonly id: number }, failure: Failure): ParkingEffect {
  return { kind: "fail", id, failure };
}
