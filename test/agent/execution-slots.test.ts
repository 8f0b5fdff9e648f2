import { describe, expect, test } from "vitest";
import { randomBelow, seededRandom } from "../../src/base/random.ts";
import { type SlotGrant, createExecutionSlots } from "../../src/agent/execution-slots.ts";

function shown(grants: readonly SlotGrant<string>[]): string[] {
  return grants.map((grant) =>
    grant.kind === "start" ? `start ${grant.execution}` : `${grant.execution} ${grant.answer}`,
  );
}

function slotsWith(concurrency: number, waiting = 1_000) {
  const slots = createExecutionSlots<string>({ concurrency, waiting });
  return {
    add: (execution: string) => shown(slots.add(execution)),
    wait: (execution: string) => shown(slots.wait(execution)),
    answer: (execution: string, answer = "answered") => shown(slots.answer(execution, answer)),
    unwait: (execution: string) => shown(slots.unwait(execution)),
    unwaitAll: (execution: string) => shown(slots.unwaitAll(execution)),
    end: (execution: string) => shown(slots.end(execution)),
    hold: (isHeld: boolean) => shown(slots.hold(isHeld)),
    counts: () => slots.counts(),
  };
}

describe("slots", () => {
  test("start work in the order in which it came, as far as there are slots", () => {
    const slots = slotsWith(2);
    expect(slots.add("a")).toEqual(["start a"]);
    expect(slots.add("b")).toEqual(["start b"]);
    expect(slots.add("c")).toEqual([]);
    expect(slots.add("d")).toEqual([]);
    expect(slots.end("b")).toEqual(["start c"]);
    expect(slots.counts()).toEqual({ running: 2, waiting: 0, queued: 1 });
  });

  test("an execution that waits yields its slot", () => {
    const slots = slotsWith(1);
    slots.add("caller");
    slots.add("called");
    expect(slots.wait("caller")).toEqual(["start called"]);
    expect(slots.counts()).toEqual({ running: 1, waiting: 1, queued: 0 });
  });

  test("the last answer waits for a slot, and takes it ahead of new work", () => {
    const slots = slotsWith(1);
    slots.add("caller");
    slots.wait("caller");
    slots.add("called");
    slots.add("new");
    expect(slots.answer("caller")).toEqual([]);
    expect(slots.end("called")).toEqual(["caller answered"]);
    expect(slots.end("caller")).toEqual(["start new"]);
  });

  test("an answer while others are missing needs no slot", () => {
    const slots = slotsWith(1);
    slots.add("caller");
    slots.wait("caller");
    slots.wait("caller");
    slots.add("busy");
    expect(slots.answer("caller", "first")).toEqual(["caller first"]);
    expect(slots.answer("caller", "second")).toEqual([]);
    expect(slots.end("busy")).toEqual(["caller second"]);
  });

  test("an answer that is held back goes in at once when its execution waits for something else", () => {
    const slots = slotsWith(1);
    slots.add("caller");
    slots.wait("caller");
    slots.add("busy");
    slots.answer("caller", "held");
    expect(slots.wait("caller")).toEqual(["caller held"]);
    expect(slots.answer("caller", "last")).toEqual([]);
    expect(slots.end("busy")).toEqual(["caller last"]);
  });

  test("a wait that is given up lets its execution run on, and takes the next free slot", () => {
    const slots = slotsWith(1);
    slots.add("caller");
    slots.wait("caller");
    slots.add("busy");
    slots.add("new");
    expect(slots.unwait("caller")).toEqual([]);
    expect(slots.end("busy")).toEqual([]);
    expect(slots.counts()).toEqual({ running: 1, waiting: 0, queued: 1 });
    expect(slots.end("caller")).toEqual(["start new"]);
  });

  test("an aborted execution hears no answer that was held back", () => {
    const slots = slotsWith(1);
    slots.add("caller");
    slots.wait("caller");
    slots.add("busy");
    slots.answer("caller");
    expect(slots.unwaitAll("caller")).toEqual([]);
    expect(slots.end("busy")).toEqual([]);
    expect(slots.end("caller")).toEqual([]);
    expect(slots.counts()).toEqual({ running: 0, waiting: 0, queued: 0 });
  });

  test("nothing new starts while held, but who runs goes on", () => {
    const slots = slotsWith(2);
    slots.add("caller");
    slots.wait("caller");
    slots.hold(true);
    expect(slots.add("new")).toEqual([]);
    expect(slots.answer("caller")).toEqual(["caller answered"]);
    expect(slots.hold(false)).toEqual(["start new"]);
  });

  test("at the limit of waiting executions one new one starts at a time", () => {
    const slots = slotsWith(10, 2);
    for (const caller of ["a", "b"]) {
      slots.add(caller);
      slots.wait(caller);
    }
    expect(slots.add("c")).toEqual(["start c"]);
    expect(slots.add("d")).toEqual([]);
    expect(slots.end("c")).toEqual(["start d"]);
  });

  test("what is unknown or ended changes nothing", () => {
    const slots = slotsWith(1);
    slots.add("a");
    expect(slots.add("a")).toEqual([]);
    slots.end("a");
    for (const event of [slots.wait, slots.answer, slots.unwait, slots.unwaitAll, slots.end])
      expect(event("a")).toEqual([]);
    expect(slots.counts()).toEqual({ running: 0, waiting: 0, queued: 0 });
  });

  test("a thousand callers that each wait for a call finish with one slot", () => {
    const slots = createExecutionSlots<string>({ concurrency: 1, waiting: 10 });
    const grants = Array.from({ length: 1_000 }, (_, index) => slots.add(`caller ${index}`)).flat();
    let finished = 0;
    for (let grant = grants.shift(); grant !== undefined; grant = grants.shift()) {
      const { execution } = grant;
      const [kind, number] = execution.split(" ");
      if (kind === "caller" && grant.kind === "start") {
        grants.push(...slots.wait(execution), ...slots.add(`called ${number}`));
      } else {
        if (kind === "called") grants.push(...slots.answer(`caller ${number}`, "answered"));
        else finished += 1;
        grants.push(...slots.end(execution));
      }
    }
    expect(finished).toBe(1_000);
  });

  test.each(Array.from({ length: 50 }, (_, seed) => seed))(
    "work without end or loss, whatever happens (seed %i)",
    (seed) => {
      const random = seededRandom(seed);
      const concurrency = 1 + randomBelow(random, 4);
      const slots = createExecutionSlots<string>({ concurrency, waiting: 5 });
      const state = new Map<string, { started: boolean; unanswered: number; heard: number; asked: number }>();
      const apply = (grants: readonly SlotGrant<string>[]): void => {
        for (const { kind, execution } of grants) {
          const entry = state.get(execution);
          if (entry === undefined) throw new Error(`${execution} is not there`);
          if (kind === "deliver") entry.heard += 1;
          else {
            expect(entry.started).toBe(false);
            entry.started = true;
            expect(slots.counts().running).toBeLessThanOrEqual(concurrency);
          }
        }
      };
      for (let step = 0; step < 400; step++) {
        const running = [...state].filter(([, entry]) => entry.started);
        const [execution, entry] = running[randomBelow(random, Math.max(1, running.length))] ?? [];
        const action = randomBelow(random, 4);
        if (action === 0 || execution === undefined || entry === undefined) {
          state.set(`e${step}`, { started: false, unanswered: 0, heard: 0, asked: 0 });
          apply(slots.add(`e${step}`));
        } else if (action === 1 && entry.heard === entry.asked - entry.unanswered) {
          entry.unanswered += 1;
          entry.asked += 1;
          apply(slots.wait(execution));
        } else if (action === 2 && entry.unanswered > 0) {
          entry.unanswered -= 1;
          apply(slots.answer(execution, "answered"));
        } else if (action === 3 && entry.unanswered === 0 && entry.heard === entry.asked) {
          state.delete(execution);
          apply(slots.end(execution));
        }
      }
      // Everything that waits is answered now, and everything that can end does: then all must have run.
      for (let round = 0; state.size > 0 && round < 10_000; round++) {
        for (const [execution, entry] of state) {
          if (entry.unanswered > 0) {
            entry.unanswered -= 1;
            apply(slots.answer(execution, "answered"));
          } else if (entry.started && entry.heard === entry.asked) {
            state.delete(execution);
            apply(slots.end(execution));
          }
        }
      }
      expect([...state.keys()]).toEqual([]);
      expect(slots.counts()).toEqual({ running: 0, waiting: 0, queued: 0 });
    },
  );
});
