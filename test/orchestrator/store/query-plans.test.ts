// Whatever the engine asks of its database must not look at what has ended: a full environment is as fast as an empty one.
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { Database } from "../../../src/orchestrator/store/database.ts";
import { RandomEnvironment } from "../random-environment.ts";

const statements = new Set<string>();
let environment: RandomEnvironment;

/** Notes every statement of the engine that is run, and runs it. */
function record(method: "get" | "all" | "run" | "insert"): void {
  const original = Database.prototype[method];
  vi.spyOn(Database.prototype, method).mockImplementation(function (this: Database, sql, ...params) {
    if (!sql.startsWith("/* test */")) statements.add(sql);
    return Reflect.apply(original, this, [sql, ...params]);
  });
}

beforeAll(() => {
  environment = new RandomEnvironment(3);
  for (const method of ["get", "all", "run", "insert"] as const) record(method);
  environment.isChecked = false; // The invariants are checked by reading everything.
  for (let step = 0; step < 60; step++) environment.step();
  environment.heal();
  environment.under.engine.activity();
  vi.restoreAllMocks();
});

afterAll(() => environment.under.close());

/** What holds only what is live, a row for each agent's start, or nothing at all. */
const harmless = [
  /^SCAN (executions|sessions) USING (COVERING )?INDEX (executions_ready|executions_scheduled|executions_in_slots|sessions_live)/,
  /^SCAN (CONSTANT ROW|environment|json_each|called|needed|sweeps|\(subquery-\d+\))/,
];

describe("the engine's statements", () => {
  test("are many", () => {
    expect(statements.size).toBeGreaterThan(45);
  });

  test("find what they need by an index", () => {
    const { db } = environment.under;
    const scans = [...statements]
      .filter((sql) => /^\s*(SELECT|UPDATE|DELETE|WITH)/.test(sql))
      .flatMap((sql) => {
        const params = [...sql.matchAll(/\?/g)].map(() => 1);
        const plan = db.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...params);
        return plan.filter(({ detail }) => detail.startsWith("SCAN")).map(({ detail }) => `${detail}: ${sql}`);
      });
    expect(scans.filter((scan) => !harmless.some((pattern) => pattern.test(scan)))).toEqual([]);
  });

  test("are prepared once: none has a bare parameter as its LIMIT", () => {
    expect([...statements].filter((sql) => /LIMIT \?(?! \+ 0)/.test(sql))).toEqual([]);
  });
});
