import { describe, expect, test } from "vitest";
import { type Parking, type ParkingEffect, type ParkingEvent, createParking } from "../../src/gateway/parking.ts";
import {
  ASK_AGAIN_MS,
  PARKED_BYTES_LIMIT,
  PARKED_REQUESTS_LIMIT,
  PARK_WAIT_MS,
  RECONNECT_MS,
  REPLY_WAIT_MS,
} from "../../src/gateway/limits.ts";

/** A request as a client makes it; every one but `id` has a default. */
function request(id: number, given: Partial<Extract<ParkingEvent, { kind: "request" }>> = {}): ParkingEvent {
  return { kind: "request", id, bytes: 100, isRepeatable: true, waitMs: 0, hasCredit: true, ...given };
}

const opened: ParkingEvent = { kind: "opened" };
const room: ParkingEvent = { kind: "room" };
const lost: ParkingEvent = { kind: "lost" };
const tick: ParkingEvent = { kind: "tick" };
const ask: ParkingEffect = { kind: "ask" };

/** Effects in short: `send 1`, `fail 2 overloaded`. */
function inShort(effects: readonly ParkingEffect[]): string[] {
  return effects.map((effect) => {
    switch (effect.kind) {
      case "ask":
        return "ask";
      case "fail":
        return `fail ${effect.id} ${effect.failure.code}`;
      case "send":
      case "forget":
        return `${effect.kind} ${effect.id}`;
    }
  });
}

function readyParking(): Parking {
  const parking = createParking("default/development");
  parking.take({ kind: "wanted", isWanted: true }, 0);
  parking.take(opened, 0);
  return parking;
}

describe("while the orchestrator is down", () => {
  test("the first request asks for it, the next ones only wait", () => {
    const parking = createParking("default/development");
    expect(parking.take(request(1), 0)).toEqual([ask]);
    expect(parking.take(request(2), 5)).toEqual([]);
    expect(parking.phase()).toBe("starting");
  });

  test("those who waited are sent in order once it is there, with the time they waited", () => {
    const parking = createParking("default/development");
    parking.take(request(1), 0);
    parking.take(request(2), 30);
    expect(parking.take(opened, 50)).toEqual([
      { kind: "send", id: 1, waitedMs: 50 },
      { kind: "send", id: 2, waitedMs: 20 },
    ]);
  });

  test("nobody waits longer than the limit, and hears what the supervisor said", () => {
    const parking = createParking("default/development");
    parking.take(request(1), 0);
    parking.take({ kind: "explained", reason: "its last start failed" }, 10);
    expect(parking.take(tick, PARK_WAIT_MS - 1)).toEqual([]);
    const [effect] = parking.take(tick, PARK_WAIT_MS);
    expect(effect).toMatchObject({ kind: "fail", id: 1, failure: { code: "environment_unavailable" } });
    expect(JSON.stringify(effect)).toContain("its last start failed");
  });

  test("a refusal of the supervisor is everyone's answer at once", () => {
    const parking = createParking("default/development");
    const gone = { code: "environment_not_found", message: "there is no such environment" } as const;
    parking.take(request(1), 0);
    parking.take(request(2), 0);
    expect(parking.take({ kind: "refused", failure: gone }, 5)).toEqual([
      { kind: "fail", id: 1, failure: gone },
      { kind: "fail", id: 2, failure: gone },
    ]);
    expect(parking.phase()).toBe("down");
  });

  test("more requests than may wait are refused", () => {
    const parking = createParking("default/development");
    for (let id = 1; id <= PARKED_REQUESTS_LIMIT; id++) parking.take(request(id), 0);
    expect(inShort(parking.take(request(9_999), 0))).toEqual(["fail 9999 overloaded"]);
  });

  test("more bytes than may wait are refused", () => {
    const parking = createParking("default/development");
    parking.take(request(1, { bytes: PARKED_BYTES_LIMIT - 50 }), 0);
    expect(inShort(parking.take(request(2), 0))).toEqual(["fail 2 overloaded"]);
    parking.take({ kind: "gone", id: 1 }, 1);
    expect(parking.take(request(3), 2)).toEqual([]);
  });

  test("a client who has gone is not sent", () => {
    const parking = createParking("default/development");
    parking.take(request(1), 0);
    expect(parking.take({ kind: "gone", id: 1 }, 5)).toEqual([]);
    expect(parking.take(opened, 10)).toEqual([]);
  });
});

describe("while the link is open", () => {
  test("a request is sent at once", () => {
    expect(readyParking().take(request(1), 5)).toEqual([{ kind: "send", id: 1, waitedMs: 0 }]);
  });

  test("without credit a request waits, and so do those behind it", () => {
    const parking = readyParking();
    expect(parking.take(request(1, { hasCredit: false }), 0)).toEqual([]);
    expect(parking.take(request(2), 1)).toEqual([]);
    expect(inShort(parking.take(room, 2))).toEqual(["send 1", "send 2"]);
  });

  test("who waits for credit in vain hears that there is too much", () => {
    const parking = readyParking();
    parking.take(request(1, { hasCredit: false }), 0);
    expect(inShort(parking.take(tick, PARK_WAIT_MS))).toEqual(["fail 1 overloaded"]);
  });

  test("a client who has gone is forgotten", () => {
    const parking = readyParking();
    parking.take(request(1), 0);
    expect(parking.take({ kind: "gone", id: 1 }, 5)).toEqual([{ kind: "forget", id: 1 }]);
    expect(parking.isWaiting()).toBe(false);
  });

  test("a reply that does not come is given up, on both sides", () => {
    const parking = readyParking();
    parking.take(request(1), 0);
    parking.take(request(2, { isRepeatable: false }), 0);
    expect(parking.take(tick, REPLY_WAIT_MS - 1)).toEqual([]);
    expect(inShort(parking.take(tick, REPLY_WAIT_MS))).toEqual([
      "forget 1",
      "fail 1 environment_unavailable",
      "forget 2",
      "fail 2 outcome_unknown",
    ]);
  });

  test("the time that a client is willing to wait is added to the time for a reply", () => {
    const parking = readyParking();
    parking.take(request(1, { waitMs: 60_000 }), 0);
    expect(parking.take(tick, 60_000 + REPLY_WAIT_MS - 1)).toEqual([]);
    expect(inShort(parking.take(tick, 60_000 + REPLY_WAIT_MS))).toEqual(["forget 1", "fail 1 environment_unavailable"]);
  });
});

describe("while the orchestrator does not respond", () => {
  const silent: ParkingEvent = { kind: "responds", isResponsive: false };

  test("nobody waits for it but who is willing to wait anyway", () => {
    const parking = readyParking();
    parking.take(request(1), 0);
    parking.take(request(2, { isRepeatable: false }), 0);
    parking.take(request(3, { waitMs: 60_000 }), 0);
    parking.take(request(4, { hasCredit: false }), 0);
    expect(inShort(parking.take(silent, 5_000))).toEqual([
      "fail 4 environment_unavailable",
      "forget 1",
      "fail 1 environment_unavailable",
      "forget 2",
      "fail 2 outcome_unknown",
    ]);
    expect(inShort(parking.take(request(5), 5_001))).toEqual(["fail 5 environment_unavailable"]);
  });

  test("nothing is lost of what comes later: when it responds again, or another takes its place, requests are sent", () => {
    const parking = readyParking();
    parking.take(silent, 0);
    parking.take({ kind: "responds", isResponsive: true }, 10);
    expect(inShort(parking.take(request(1), 11))).toEqual(["send 1"]);
  });
});

describe("when the link breaks", () => {
  test("what may be repeated is sent again, before what came later; of the rest nobody knows", () => {
    const parking = readyParking();
    parking.take(request(1), 0);
    parking.take(request(2, { isRepeatable: false }), 0);
    parking.take(request(3, { hasCredit: false }), 0);
    expect(inShort(parking.take(lost, 5))).toEqual(["fail 2 outcome_unknown", "ask"]);
    parking.take(request(4), 6);
    expect(inShort(parking.take(opened, 10))).toEqual(["send 1", "send 3", "send 4"]);
  });

  test("what was never sent is sent once, whatever it is", () => {
    const parking = createParking("default/development");
    parking.take(request(1, { isRepeatable: false }), 0);
    expect(parking.take(lost, 5)).toEqual([]);
    expect(inShort(parking.take(opened, 400))).toEqual(["send 1"]);
  });

  test("a request that three orchestrators died with is not given to a fourth", () => {
    const parking = readyParking();
    parking.take(request(1), 0);
    for (const at of [10, 20]) {
      parking.take(lost, at);
      expect(inShort(parking.take(opened, at + 5))).toEqual(["send 1"]);
    }
    expect(inShort(parking.take(lost, 30))).toEqual(["fail 1 environment_unavailable", "ask"]);
  });

  test("nobody is asked when nobody waits for it", () => {
    const parking = readyParking();
    parking.take({ kind: "wanted", isWanted: false }, 1);
    expect(parking.take(lost, 5)).toEqual([]);
    expect(parking.phase()).toBe("down");
  });

  test("connected agents are reason enough to ask", () => {
    expect(readyParking().take(lost, 5)).toEqual([ask]);
  });

  test("a link that does not open is tried again after a moment, not at once", () => {
    const parking = readyParking();
    parking.take(lost, 0);
    expect(parking.take(lost, 1)).toEqual([]);
    expect(parking.take(tick, RECONNECT_MS)).toEqual([]);
    expect(parking.take(tick, 1 + RECONNECT_MS)).toEqual([ask]);
    expect(parking.take(tick, 10 + RECONNECT_MS)).toEqual([]);
  });

  test("after a refusal the supervisor is asked again as long as agents wait", () => {
    const parking = readyParking();
    parking.take(lost, 0);
    parking.take({ kind: "refused", failure: { code: "environment_unavailable", message: "quarantined" } }, 0);
    expect(parking.take(tick, ASK_AGAIN_MS - 1)).toEqual([]);
    expect(parking.take(tick, ASK_AGAIN_MS)).toEqual([ask]);
  });
});

describe("when the orchestrator says goodbye", () => {
  test("all that it did not answer is sent to the next one, whatever it is", () => {
    const parking = readyParking();
    parking.take(request(1, { isRepeatable: false }), 0);
    parking.take(request(2, { hasCredit: false }), 0);
    expect(parking.take({ kind: "left" }, 5)).toEqual([]);
    expect(parking.take(request(3, { isRepeatable: false }), 6)).toEqual([]);
    expect(parking.take(room, 7)).toEqual([]);
    expect(parking.take(lost, 8)).toEqual([ask]);
    expect(inShort(parking.take(opened, 9))).toEqual(["send 1", "send 2", "send 3"]);
  });

  test("it does not count as one that a request died with", () => {
    const parking = readyParking();
    parking.take(request(1), 0);
    for (let at = 10; at < 100; at += 10) {
      parking.take({ kind: "left" }, at);
      parking.take(lost, at + 1);
      expect(inShort(parking.take(opened, at + 2))).toEqual(["send 1"]);
    }
  });
});

test("a thousand parked requests are released in portions, so that credit can be looked at in between", () => {
  const parking = createParking("default/development");
  for (let id = 1; id <= 300; id++) parking.take(request(id), 0);
  expect(parking.take(opened, 1)).toHaveLength(125);
  expect(parking.parkedCount()).toBe(175);
});
