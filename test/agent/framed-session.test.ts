import { describe, expect, test } from "vitest";
import { randomBelow, seededRandom } from "../../src/base/random.ts";
import { agentFrameBody, encodeAgentFrame, readAgentEnvelope } from "../../src/protocol/agent-frame.ts";
import {
  type AgentCommand,
  type AgentControl,
  type AgentControlReply,
  type AgentMessage,
  decodeAgentControl,
  decodeAgentMessage,
  encodeAgentCommand,
  encodeAgentControlReply,
} from "../../src/protocol/agent-messages.ts";
import { LEASE_MARGIN_MS, LEASE_MS, PING_DEAD_MS, PING_INTERVAL_MS } from "../../src/protocol/limits.ts";
import { RECONNECT_LIMIT_MS, RECONNECT_SLOW_MS } from "../../src/agent/limits.ts";
import { type FramedAction, type SocketEvent, createFramedSession } from "../../src/agent/framed-session.ts";
import { pack, unpack } from "../../src/process/pack.ts";

const identity = { pid: 1, host: "host", version: "1", node: "v20" };

type Kind = "control" | "data" | "acknowledgement";

function frame(kind: Kind, epoch: number, acknowledged: number, messages: readonly unknown[]): Uint8Array {
  const body = kind === "acknowledgement" ? new Uint8Array() : pack(messages);
  return encodeAgentFrame({ kind, epoch, sequence: 0, acknowledged }, body);
}

interface Sent {
  readonly sequence: number;
  readonly epoch: number;
  readonly messages: readonly (AgentMessage | AgentControl)[];
}

function sentIn(actions: readonly FramedAction[]): Sent[] {
  return actions.flatMap((action) => {
    if (action.kind !== "send") return [];
    const envelope = readAgentEnvelope(action.frame);
    const list = unpack(agentFrameBody(action.frame));
    if (envelope === undefined || !Array.isArray(list)) throw new Error("a broken frame was sent");
    const { kind, epoch, sequence } = envelope;
    const decode = (item: unknown) => (kind === "control" ? decodeAgentControl(item) : decodeAgentMessage(item));
    return [{ sequence, epoch, messages: list.map(decode) }];
  });
}

/** A session on a bench: time is given, what it does is returned. */
function bench(seed = 1) {
  const framed = createFramedSession({ identity, random: seededRandom(seed) });
  const at = (now: number) => ({
    handle: (event: SocketEvent) => framed.handle(event, now),
    tick: () => framed.handle({ kind: "tick" }, now),
    control: (message: AgentControlReply, epoch = 1) =>
      framed.handle({ kind: "frame", bytes: frame("control", epoch, 0, [encodeAgentControlReply(message)]) }, now),
    commands: (commands: readonly AgentCommand[], acknowledged = 0, epoch = 1) =>
      framed.handle(
        { kind: "frame", bytes: frame("data", epoch, acknowledged, commands.map(encodeAgentCommand)) },
        now,
      ),
    acknowledge: (acknowledged: number, epoch = 1) =>
      framed.handle({ kind: "frame", bytes: frame("acknowledgement", epoch, acknowledged, []) }, now),
    say: (...messages: Parameters<typeof framed.post>) => {
      framed.post(...messages);
      return framed.flush();
    },
  });
  /** Connected at this time, with a session. */
  const connect = (now: number, session = "S1", lastSequence = 0, epoch = 1): FramedAction[] => {
    at(now).tick();
    at(now).handle({ kind: "opened" });
    at(now).control({ kind: "challenge", epoch }, epoch);
    return at(now).control({ kind: "welcome", session, secret: "s", lastSequence, leaseMs: LEASE_MS }, epoch);
  };
  return { framed, at, connect };
}

const execute = (execution: string): AgentCommand => ({
  kind: "execute",
  execution,
  target: "flows/add",
  arguments: [],
  timeoutMs: null,
  isolation: "shared",
});
const outcome = (execution: string) =>
  ({ kind: "outcome", execution, outcome: [3], mayRetry: true, retryAfterMs: null, hasStopped: true }) as const;
const submit = (request: number, isAwaited = true) =>
  ({ kind: "submit", request, caller: "R:1:1", target: "flows/add", arguments: [], options: null, isAwaited }) as const;
const kinds = (actions: readonly FramedAction[]): string[] => actions.map(({ kind }) => kind);
const messages = (actions: readonly FramedAction[]) => sentIn(actions).flatMap((sent) => sent.messages);

describe("a frame that the server cannot take", () => {
  const refusal = { kind: "closed", code: 1002, reason: "no such message" } as const;

  /** Says something, and is closed for it so many times. Returns the actions of each time. */
  function refusedTimes({ at, connect }: ReturnType<typeof bench>, times: number): FramedAction[][] {
    return Array.from({ length: times }, (_, index) => {
      const now = index * RECONNECT_LIMIT_MS;
      connect(now);
      if (index === 0) at(now).say(outcome("R:1:1"));
      return at(now + 1).handle(refusal);
    });
  }

  test("is sent again, and given up with its session when that does not help", () => {
    const under = bench();
    const actions = refusedTimes(under, 3);
    expect(actions.map(kinds)).toEqual([["disconnected"], ["disconnected"], ["session-lost", "disconnected"]]);
    expect(actions[2]?.[0]).toMatchObject({ reason: expect.stringContaining("no such message") });
    const again = under.connect(3 * RECONNECT_LIMIT_MS, "S2");
    expect(again).toEqual([{ kind: "connected", session: "S2", isNew: true }]);
  });

  test("is counted anew when the server took something meanwhile", () => {
    const under = bench();
    refusedTimes(under, 2);
    const now = 2 * RECONNECT_LIMIT_MS;
    under.connect(now, "S1", 1);
    under.at(now).say(outcome("R:2:1"));
    expect(kinds(under.at(now + 1).handle(refusal))).toEqual(["disconnected"]);
  });
});

describe("the opening of a session", () => {
  test("is a connection, a challenge, a hello and a welcome", () => {
    const { at } = bench();
    expect(kinds(at(0).tick())).toEqual(["connect"]);
    expect(at(1).handle({ kind: "opened" })).toEqual([]);
    expect(messages(at(2).control({ kind: "challenge", epoch: 7 }, 7))).toMatchObject([
      { kind: "hello", session: null, secret: null, acknowledged: 0, known: [], agent: identity },
    ]);
    expect(
      at(3).control({ kind: "welcome", session: "S1", secret: "x", lastSequence: 0, leaseMs: LEASE_MS }, 7),
    ).toEqual([{ kind: "connected", session: "S1", isNew: true }]);
  });

  test("sends nothing before the welcome, and drops what is said without a session", () => {
    const { at } = bench();
    expect(at(0).say(submit(1))).toEqual([]);
    at(0).tick();
    at(0).handle({ kind: "opened" });
    at(0).control({ kind: "challenge", epoch: 1 });
    expect(at(0).say(submit(2))).toEqual([]);
    const welcome = { kind: "welcome", session: "S1", secret: "x", lastSequence: 0, leaseMs: LEASE_MS } as const;
    expect(kinds(at(0).control(welcome))).toEqual(["connected"]);
    expect(at(0).say(submit(3))).toHaveLength(1);
  });

  test.each([
    ["the socket does not open", [], 15_000],
    ["no challenge comes", [{ kind: "opened" } as const], 30_000],
  ])("is tried again when %s", (_sentence, events, deadline) => {
    const { at, framed } = bench();
    at(0).tick();
    for (const event of events) at(0).handle(event);
    expect(framed.nextDueAt()).toBe(deadline);
    expect(at(deadline - 1).tick()).toEqual([]);
    expect(kinds(at(deadline).tick())).toEqual(["close", "disconnected"]);
  });

  test.each([
    { kind: "refused", code: "environment_not_found", reason: "there is no environment x" } as const,
    { kind: "closed", code: 4004, reason: "there is no environment x" } as const,
  ])("is given up when the environment never was there: %o", (event) => {
    const { at, framed } = bench();
    at(0).tick();
    at(0).handle({ kind: "opened" });
    expect(kinds(at(1).handle(event))).toEqual(["close", "give-up"]);
    expect(framed.nextDueAt()).toBe(Infinity);
    expect(at(99).tick()).toEqual([]);
  });

  test("is tried again, slowly, when the environment was there before", () => {
    const { at, connect } = bench();
    connect(0);
    at(1).handle({ kind: "closed", code: 1012, reason: "" });
    at(60_000).tick();
    const actions = at(60_000).handle({ kind: "refused", code: "environment_not_found", reason: "gone" });
    expect(actions.at(-1)).toEqual({ kind: "disconnected", reason: "gone", retryInMs: RECONNECT_SLOW_MS });
  });

  test("is tried again, slowly, with a server of another version", () => {
    const { at } = bench();
    at(0).tick();
    at(0).handle({ kind: "opened" });
    at(0).control({ kind: "challenge", epoch: 1 });
    const actions = at(0).control({ kind: "reject", code: "protocol_mismatch", message: "version 2 is needed" });
    expect(actions.at(-1)).toMatchObject({ kind: "disconnected", retryInMs: RECONNECT_SLOW_MS });
  });

  test("waits longer and longer, never longer than the limit, and differently for each agent", () => {
    const delays = (seed: number): number[] => {
      const { at } = bench(seed);
      return Array.from({ length: 12 }, (_, attempt) => {
        at(attempt * 100_000).tick();
        const [action] = at(attempt * 100_000).handle({ kind: "closed", code: 1006, reason: "" });
        return action?.kind === "disconnected" ? action.retryInMs : -1;
      });
    };
    expect(delays(1)).not.toEqual(delays(2));
    const all = [1, 2, 3, 4, 5].map(delays);
    expect(Math.max(...all.flat())).toBeLessThanOrEqual(RECONNECT_LIMIT_MS);
    expect(Math.min(...all.flat())).toBeGreaterThanOrEqual(200);
    expect(Math.max(...all.map(([first = 0]) => first))).toBeLessThanOrEqual(400);
  });
});

describe("messages", () => {
  test("of one turn travel in one numbered frame", () => {
    const { at, connect, framed } = bench();
    connect(0);
    framed.post(submit(1));
    framed.post(submit(2));
    expect(sentIn(framed.flush())).toMatchObject([
      { sequence: 1, epoch: 1, messages: [{ request: 1 }, { request: 2 }] },
    ]);
    expect(sentIn(at(0).say(submit(3)))).toMatchObject([{ sequence: 2 }]);
  });

  test("are sent again after a reconnect, in order, as far as the server does not have them", () => {
    const { at, connect } = bench();
    connect(0);
    at(1).commands([execute("R:1:1"), execute("R:2:1")]);
    for (const message of [submit(1, false), submit(2, false), outcome("R:2:1")]) at(1).say(message);
    at(2).acknowledge(1);
    at(3).handle({ kind: "closed", code: 1006, reason: "" });
    at(9_000).tick();
    at(9_000).handle({ kind: "opened" });
    const [hello] = messages(at(9_000).control({ kind: "challenge", epoch: 2 }, 2));
    expect(hello).toMatchObject({ session: "S1", secret: "s", acknowledged: 1, known: ["R:1:1", "R:2:1"] });
    const welcome = { kind: "welcome", session: "S1", secret: null, lastSequence: 2, leaseMs: LEASE_MS } as const;
    const actions = at(9_000).control(welcome, 2);
    expect(sentIn(actions)).toMatchObject([{ sequence: 3, epoch: 2, messages: [{ kind: "outcome" }] }]);
    expect(actions.at(-1)).toEqual({ kind: "connected", session: "S1", isNew: false });
  });

  test("that were received ask again for the answer that is missing", () => {
    const { at, connect, framed } = bench();
    connect(0);
    at(1).commands([execute("R:1:1")]);
    for (const number of [1, 2, 3]) at(1).say(submit(number));
    at(1).say({ kind: "await", request: 4, caller: "R:1:1", execution: "R:9:1", isPeek: false });
    at(1).say({ kind: "unawait", request: 4, caller: "R:1:1" });
    at(2).commands(
      [{ kind: "answer", request: 1, caller: "R:1:1", execution: "R:2:1", outcome: { kind: "cancelled" } }],
      2,
    );
    at(3).handle({ kind: "closed", code: 1006, reason: "" });
    const resent = messages(connect(9_000, "S1", 2, 2));
    expect(resent).toMatchObject([{ request: 3 }, { request: 4, kind: "await" }, { kind: "unawait" }]);
    expect(messages(framed.flush())).toMatchObject([{ kind: "submit", request: 2 }]);
  });

  test("of an orchestrator that was replaced count for nothing", () => {
    const { at, connect } = bench();
    connect(0, "S1", 0, 5);
    expect(at(1).commands([execute("R:1:1")], 0, 4)).toEqual([]);
    expect(at(1).control({ kind: "challenge", epoch: 4 }, 4)).toEqual([]);
    expect(kinds(at(1).commands([execute("R:1:1")], 0, 5))).toEqual(["commands"]);
  });

  test("go on with the next orchestrator behind the same socket", () => {
    const { at, connect } = bench();
    connect(0);
    at(1).say(submit(1));
    expect(messages(at(2).control({ kind: "challenge", epoch: 2 }, 2))).toMatchObject([
      { kind: "hello", session: "S1" },
    ]);
    expect(at(2).say(submit(2))).toEqual([]);
    const welcome = { kind: "welcome", session: "S1", secret: null, lastSequence: 0, leaseMs: LEASE_MS } as const;
    expect(sentIn(at(3).control(welcome, 2))).toMatchObject([
      { sequence: 1, epoch: 2 },
      { sequence: 2, epoch: 2 },
    ]);
  });

  test("that the server did not look at between two challenges are sent again", () => {
    const { at, connect } = bench();
    connect(0);
    at(1).control({ kind: "challenge", epoch: 1 });
    at(1).control({ kind: "challenge", epoch: 1 });
    const welcome = { kind: "welcome", session: "S1", secret: null, lastSequence: 0, leaseMs: LEASE_MS } as const;
    at(2).control(welcome);
    at(2).say(submit(1));
    expect(sentIn(at(3).control(welcome))).toMatchObject([{ sequence: 1, messages: [{ request: 1 }] }]);
  });

  test("that are broken end the connection, not the agent", () => {
    const { at, connect } = bench();
    connect(0);
    const broken = encodeAgentFrame({ kind: "data", epoch: 1, sequence: 0, acknowledged: 0 }, new Uint8Array([0xc1]));
    expect(at(1).handle({ kind: "frame", bytes: broken })).toMatchObject([
      { kind: "close", code: 1002 },
      { kind: "disconnected" },
    ]);
    expect(at(1).handle({ kind: "frame", bytes: new Uint8Array(3) })).toEqual([]);
  });
});

describe("commands", () => {
  test("that arrive twice are heard once", () => {
    const { at, connect } = bench();
    connect(0);
    expect(kinds(at(1).commands([execute("R:1:1")]))).toEqual(["commands"]);
    expect(at(2).commands([execute("R:1:1")])).toEqual([]);
    at(2).say(submit(1, false));
    const submitted: AgentCommand = { kind: "submitted", request: 1, caller: "R:1:1", execution: "R:2:1" };
    expect(kinds(at(3).commands([submitted]))).toEqual(["commands"]);
    expect(at(3).commands([submitted])).toEqual([]);
  });

  test("are known until the end of their execution is acknowledged", () => {
    const { at, connect, framed } = bench();
    connect(0);
    at(1).commands([execute("R:1:1"), execute("R:2:1")]);
    at(2).say(outcome("R:1:1"));
    at(2).say({ kind: "stopped", execution: "R:2:1" });
    expect(framed.isSettled()).toBe(false);
    at(3).acknowledge(1);
    expect(framed.isSettled()).toBe(false);
    at(3).acknowledge(2);
    expect(framed.isSettled()).toBe(true);
  });
});

describe("a session that the server does not know", () => {
  test("is forgotten with all that was said in it, and a new one is opened on the same connection", () => {
    const { at, connect, framed } = bench();
    connect(0);
    at(1).commands([execute("R:1:1")]);
    at(1).say(submit(1));
    at(2).handle({ kind: "closed", code: 1006, reason: "" });
    at(9_000).tick();
    at(9_000).handle({ kind: "opened" });
    at(9_000).control({ kind: "challenge", epoch: 1 });
    const actions = at(9_000).control({ kind: "reject", code: "session_unknown", message: "it has expired" });
    expect(kinds(actions)).toEqual(["session-lost", "send"]);
    expect(messages(actions)).toMatchObject([{ kind: "hello", session: null, acknowledged: 0, known: [] }]);
    expect(framed.isSettled()).toBe(true);
    const welcome = { kind: "welcome", session: "S2", secret: "t", lastSequence: 0, leaseMs: LEASE_MS } as const;
    expect(at(9_001).control(welcome)).toEqual([{ kind: "connected", session: "S2", isNew: true }]);
    expect(sentIn(at(9_002).say(submit(1)))).toMatchObject([{ sequence: 1 }]);
  });

  test("is also one of which it has lost what it had acknowledged", () => {
    const { at, connect } = bench();
    connect(0);
    for (const number of [1, 2, 3]) at(1).say(submit(number));
    at(2).acknowledge(3);
    at(3).control({ kind: "challenge", epoch: 2 }, 2);
    const welcome = { kind: "welcome", session: "S1", secret: null, lastSequence: 2, leaseMs: LEASE_MS } as const;
    expect(kinds(at(3).control(welcome, 2))).toEqual(["session-lost", "send"]);
  });
});

describe("the lease", () => {
  test("is kept by pings, and ends a margin before the server's, counted from the last ping that was answered", () => {
    const { at, connect, framed } = bench();
    connect(0);
    const [ping] = messages(at(PING_INTERVAL_MS).tick());
    expect(ping).toEqual({ kind: "ping", sequence: 1 });
    at(PING_INTERVAL_MS + 3_000).control({ kind: "pong", sequence: 1 });
    const fenceAt = PING_INTERVAL_MS + LEASE_MS - LEASE_MARGIN_MS;
    for (let now = 20_000; now < fenceAt; now += 1_000) {
      at(now).handle({ kind: "alive" }); // The gateway speaks, the orchestrator does not.
      expect(kinds(at(now).tick()).filter((kind) => kind === "fence")).toEqual([]);
    }
    expect(framed.nextDueAt()).toBeLessThanOrEqual(fenceAt);
    expect(at(fenceAt).tick()).toMatchObject([
      { kind: "fence", silentMs: LEASE_MS - LEASE_MARGIN_MS, withinMs: LEASE_MARGIN_MS / 2 },
      { kind: "close" },
      { kind: "disconnected" },
    ]);
    expect(kinds(at(fenceAt + 1).tick())).not.toContain("fence");
  });

  test("ends also without a connection, and what is reported then still arrives", () => {
    const { at, connect } = bench();
    connect(0);
    at(1).commands([execute("R:1:1")]);
    at(2).handle({ kind: "closed", code: 1006, reason: "" });
    const actions = at(LEASE_MS).tick();
    expect(kinds(actions)).toContain("fence");
    at(LEASE_MS).say(outcome("R:1:1"));
    at(LEASE_MS).handle({ kind: "closed", code: 1006, reason: "" });
    expect(messages(connect(LEASE_MS + 20_000))).toMatchObject([{ kind: "outcome", execution: "R:1:1" }]);
  });

  test("however short, is kept while the server answers", () => {
    const { at, framed } = bench();
    const leaseMs = 1_200;
    at(0).tick();
    at(0).handle({ kind: "opened" });
    at(0).control({ kind: "challenge", epoch: 1 });
    at(0).control({ kind: "welcome", session: "S1", secret: "s", lastSequence: 0, leaseMs });
    for (let pings = 0; pings < 50; pings++) {
      const now = framed.nextDueAt();
      const [ping] = messages(at(now).tick());
      if (ping?.kind !== "ping") throw new Error("a ping was due");
      at(now + 100).control({ kind: "pong", sequence: ping.sequence });
    }
  });

  test("leaves time for several attempts to reconnect", () => {
    const { at, connect } = bench();
    connect(0);
    for (let attempt = 1; attempt < 30; attempt++) {
      const now = attempt * 20_000;
      const [disconnected] = at(now).handle({ kind: "closed", code: 1006, reason: "" });
      expect(disconnected?.kind === "disconnected" ? disconnected.retryInMs : LEASE_MS).toBeLessThanOrEqual(
        LEASE_MS / 6,
      );
      connect(now + LEASE_MS / 6);
    }
  });

  test("a connection on which nothing is heard is dead", () => {
    const { at, connect } = bench();
    connect(0);
    expect(kinds(at(PING_DEAD_MS - 1).tick())).toEqual(["send"]);
    expect(kinds(at(PING_DEAD_MS).tick())).toEqual(["close", "disconnected"]);
  });
});

/** The other end, as far as the order of messages goes: takes frames in order, forgets nothing, and may be out of reach. */
function serverModel() {
  /** Requests, in the order in which they came first. */
  const received = new Set<number>();
  let last = 0;
  return {
    received,
    last: () => last,
    take(sent: Sent): "taken" | "seen" | "gap" {
      if (sent.sequence <= last) return "seen";
      if (sent.sequence !== last + 1) return "gap";
      last = sent.sequence;
      for (const message of sent.messages) if (message.kind === "submit") received.add(message.request);
      return "taken";
    },
  };
}

test.each(Array.from({ length: 100 }, (_, seed) => seed))(
  "every message arrives once and in order, whatever the network does (seed %i)",
  (seed) => {
    const random = seededRandom(seed);
    const { at, framed } = bench(seed);
    const server = serverModel();
    let now = 0;
    let epoch = 1;
    let posted = 0;
    let isOpen = false;
    /** Frames are being lost: the connection is dead, and nobody has noticed. */
    let isDead = false;

    const deliver = (actions: readonly FramedAction[]): void => {
      for (const action of actions) {
        if (action.kind === "connect" && randomBelow(random, 3) > 0) {
          isOpen = true;
          isDead = false;
          at(now).handle({ kind: "opened" });
          greet();
        } else if (action.kind === "connect") deliver(at(now).handle({ kind: "closed", code: 1006, reason: "" }));
        else if (action.kind === "close") isOpen = false;
        else if (action.kind === "send" && isOpen && !isDead) {
          isDead = randomBelow(random, 20) === 0;
          if (!isDead) arrive(action);
        }
      }
    };
    const greet = (): void => {
      deliver(
        at(now)
          .control({ kind: "challenge", epoch }, epoch)
          .filter(({ kind }) => kind !== "send"),
      );
      const secret = server.last() === 0 ? "s" : null;
      deliver(
        at(now).control(
          { kind: "welcome", session: "S1", secret, lastSequence: server.last(), leaseMs: LEASE_MS },
          epoch,
        ),
      );
    };
    const arrive = (action: FramedAction): void => {
      const [sent] = sentIn([action]);
      if (sent === undefined || sent.sequence === 0) return;
      if (server.take(sent) === "gap") return greet();
      if (randomBelow(random, 3) === 0) deliver(at(now).acknowledge(server.last(), epoch));
    };

    for (let step = 0; step < 300 || server.received.size < posted; step++) {
      now += randomBelow(random, 2_000);
      deliver(at(now).tick());
      const chance = randomBelow(random, 12);
      if (step < 300 && isOpen && chance < 6) {
        posted += 1;
        framed.post(submit(posted, false));
        if (chance < 4) deliver(framed.flush());
      } else if (isOpen && (chance === 6 || (isDead && chance < 9))) {
        isOpen = false;
        deliver(at(now).handle({ kind: "closed", code: 1006, reason: "cut" }));
      } else if (chance === 7 && isOpen && !isDead) {
        epoch += 1;
        greet();
      } else deliver(framed.flush());
      if (isOpen && !isDead) at(now).handle({ kind: "alive" });
      if (step > 20_000) break;
    }
    expect(posted).toBeGreaterThan(20);
    expect([...server.received]).toEqual(Array.from({ length: posted }, (_, index) => index + 1));
  },
);
