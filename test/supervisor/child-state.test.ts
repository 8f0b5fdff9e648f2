import { describe, expect, test } from "vitest";
import type { Random } from "../../src/base/random.ts";
import {
  type ChildAction,
  type ChildEvent,
  type ChildState,
  dueAt,
  isAlive,
  moveChild,
  newChild,
} from "../../src/supervisor/child-state.ts";
import { defaultLimits } from "../../src/supervisor/limits.ts";

const random: Random = { next: () => 0.5 };

/** A child, its clock, and everything it has done since it was last asked. */
class Driver {
  state: ChildState = newChild;
  now = 0;
  #actions: ChildAction[] = [];

  send(...events: readonly ChildEvent[]): this {
    for (const event of events) {
      const move = moveChild(this.state, event, this.now, defaultLimits, random);
      this.state = move.state;
      this.#actions.push(...move.actions);
    }
    return this;
  }

  wait(ms: number): this {
    this.now += ms;
    return this;
  }

  /** Lets time pass up to the next moment it wants to know of. */
  due(): this {
    const at = dueAt(this.state);
    if (at === null) throw new Error("it waits for nothing");
    this.now = at;
    return this.send({ kind: "due" });
  }

  get phase(): string {
    return this.state.phase.kind;
  }

  actions(): ChildAction[] {
    return this.#actions.splice(0);
  }
}

const start: ChildEvent = { kind: "start" };
const spawned: ChildEvent = { kind: "spawned" };
const ready: ChildEvent = { kind: "ready", epoch: 1 };
const restart: ChildEvent = { kind: "restart", why: "a restart was asked for" };
const exited: ChildEvent = { kind: "exited", fatal: null, isOwnFault: false };
const corrupt: ChildEvent = { kind: "exited", fatal: "corrupt_database", isOwnFault: true };
const recycle: ChildEvent = { kind: "recycle", why: "memory" };
const kill: ChildEvent = { kind: "kill", why: "it hung" };
const stop: ChildEvent = { kind: "stop", why: "idle", withinMs: 10_000, terminateMs: 3_000 };

/** A child in each of its phases. */
const inPhase = {
  stopped: () => new Driver(),
  queued: () => new Driver().send(start),
  starting: () => new Driver().send(start, spawned),
  ready: () => new Driver().send(start, spawned, ready),
  stopping: () => new Driver().send(start, spawned, ready, stop),
  backoff: () => new Driver().send(start, spawned, ready, exited, spawned, ready, exited),
  quarantined: () => new Driver().send(start, spawned, corrupt),
};

describe("what each event does in each phase", () => {
  test.each<[keyof typeof inPhase, string, ChildEvent, string, ChildAction["kind"][]]>([
    ["stopped", "start", start, "starting", ["spawn"]],
    ["stopped", "restart", restart, "starting", ["spawn"]],
    ["stopped", "stop", stop, "stopped", []],
    ["stopped", "kill", kill, "stopped", []],
    ["stopped", "recycle", recycle, "stopped", []],

    ["queued", "start", start, "starting", []],
    ["queued", "restart", restart, "starting", []],
    ["queued", "stop", stop, "stopped", ["cancel-spawn"]],
    ["queued", "kill", kill, "starting", []],

    ["starting", "start", start, "starting", []],
    ["starting", "ready", ready, "ready", []],
    ["starting", "restart", restart, "stopping", ["drain"]],
    ["starting", "stop", stop, "stopping", ["drain"]],
    ["starting", "kill", kill, "stopping", ["kill"]],
    ["starting", "exited", exited, "starting", ["spawn"]],
    ["starting", "exited corrupt", corrupt, "quarantined", []],
    ["starting", "recycle", recycle, "starting", []],

    ["ready", "start", start, "ready", []],
    ["ready", "restart", restart, "stopping", ["drain"]],
    ["ready", "stop", stop, "stopping", ["drain"]],
    ["ready", "kill", kill, "stopping", ["kill"]],
    ["ready", "recycle", recycle, "stopping", ["drain"]],
    ["ready", "exited", exited, "starting", ["spawn"]],
    ["ready", "exited corrupt", corrupt, "quarantined", []],
    ["ready", "progress", { kind: "progress" }, "ready", []],

    ["stopping", "start", start, "stopping", []],
    ["stopping", "restart", restart, "stopping", []],
    ["stopping", "stop", stop, "stopping", []],
    ["stopping", "kill", kill, "stopping", ["kill"]],
    ["stopping", "ready", ready, "stopping", []],
    ["stopping", "exited", exited, "stopped", []],
    ["stopping", "exited corrupt", corrupt, "stopped", []],

    ["backoff", "start", start, "backoff", []],
    ["backoff", "restart", restart, "starting", ["spawn"]],
    ["backoff", "stop", stop, "stopped", []],
    ["backoff", "kill", kill, "backoff", []],

    ["quarantined", "start", start, "quarantined", []],
    ["quarantined", "restart", restart, "starting", ["spawn"]],
    ["quarantined", "stop", stop, "quarantined", []],
    ["quarantined", "kill", kill, "quarantined", []],
  ])("%s, %s", (phase, _name, event, next, actions) => {
    const child = inPhase[phase]();
    child.actions();
    child.send(event);
    expect(child.phase).toBe(next);
    expect(child.actions().map(({ kind }) => kind)).toEqual(actions);
  });

  test("every event leaves every phase in a state that knows whether there is a process", () => {
    const events = [start, restart, stop, recycle, kill, spawned, ready, exited, corrupt, { kind: "due" } as const];
    for (const make of Object.values(inPhase)) {
      for (const event of events) {
        const child = make().wait(1_000_000).send(event);
        if (isAlive(child.state)) expect(["starting", "ready", "stopping"]).toContain(child.phase);
      }
    }
  });
});

describe("a start", () => {
  test("is given up after 30 s, killed, and tried again", () => {
    const child = inPhase.starting();
    child.actions();
    child.due();
    expect(child.now).toBe(30_000);
    expect(child.actions()).toEqual([{ kind: "kill" }]);
    child.send(exited);
    expect(child.phase).toBe("starting");
  });

  test("that makes progress may take ten minutes", () => {
    const child = inPhase.starting();
    while (child.now < 590_000) child.wait(20_000).send({ kind: "progress" });
    expect(child.phase).toBe("starting");
    child.actions();
    child.due();
    expect(child.now).toBe(600_000);
    expect(child.actions()).toEqual([{ kind: "kill" }]);
  });

  test("that waits for its turn has no limit", () => {
    expect(dueAt(inPhase.queued().state)).toBeNull();
  });
});

describe("a stop", () => {
  test("drains, then asks, then kills, and stays down", () => {
    const child = inPhase.ready().send(stop);
    child.actions();
    child.due();
    expect([child.now, child.actions()]).toEqual([10_000, [{ kind: "terminate" }]]);
    child.due();
    expect([child.now, child.actions()]).toEqual([13_000, [{ kind: "kill" }]]);
    expect(dueAt(child.state)).toBeNull();
    child.send(exited);
    expect(child.phase).toBe("stopped");
  });

  test("under way becomes a start when somebody needs it", () => {
    const child = inPhase.stopping().send(start, exited);
    expect(child.phase).toBe("starting");
  });

  test("of the server hurries one that is under way, and takes back the start that was to follow", () => {
    const child = inPhase.ready().send(restart);
    child.send({ kind: "stop", why: "the server stops", withinMs: 100, terminateMs: 50 });
    child.due();
    child.due();
    expect(child.now).toBe(150);
    child.send(exited);
    expect(child.phase).toBe("stopped");
  });

  test("of a child that hung and is being killed is final", () => {
    const child = inPhase.ready().send(kill, stop, exited);
    expect(child.phase).toBe("stopped");
  });
});

describe("restarts", () => {
  test("are counted, but not a start that somebody asked for after an idle stop", () => {
    const child = inPhase.stopping().send(exited, start, spawned, ready);
    expect(child.state.restarts).toBe(0);
    child.send(exited, spawned, ready, restart, exited);
    expect(child.state.restarts).toBe(2);
  });

  test("wait for the end of the back-off, and restart by hand does not", () => {
    const child = inPhase.backoff();
    expect(dueAt(child.state)).toBe(200);
    child.due();
    expect(child.phase).toBe("starting");
    expect(inPhase.backoff().send(restart).phase).toBe("starting");
  });

  test("by hand forget what went before: the next crash is restarted at once", () => {
    const child = inPhase.backoff().send(restart, spawned, ready, exited);
    expect(child.phase).toBe("starting");
  });

  test("for memory are not faster than the policy allows", () => {
    const child = inPhase.ready().send(recycle, exited);
    expect(child.phase).toBe("starting");
    child.send(spawned, ready, recycle, exited);
    expect(child.phase).toBe("backoff");
  });

  test("after a hang follow the policy, as after a crash", () => {
    const child = inPhase.ready().send(kill, exited);
    expect(child.phase).toBe("starting");
    child.send(spawned, ready, kill, exited);
    expect(child.phase).toBe("backoff");
  });

  test("that fail eight times end in quarantine, which only a restart by hand lifts", () => {
    const child = inPhase.starting();
    for (let failures = 1; failures < 8; failures += 1) {
      child.send(exited);
      if (child.phase === "backoff") child.due();
      child.send(spawned);
    }
    child.send(exited);
    expect(child.phase).toBe("quarantined");
    expect(child.wait(10_000_000).send(start, { kind: "due" }).phase).toBe("quarantined");
    expect(child.send(restart).phase).toBe("starting");
  });
});
