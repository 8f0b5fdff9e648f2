// The engine among agents, callers, operators and crashes that do at random what each of them may. Other seeds, and more of them:
//   SEED=1000 SEEDS=200 npx vitest run test/orchestrator/engine.property.test.ts
import { expect, test } from "vitest";
import { RandomEnvironment } from "./random-environment.ts";

const STEPS = 100;
const first = Number(process.env["SEED"] ?? 1);
const seeds = Array.from({ length: Number(process.env["SEEDS"] ?? 8) }, (_, index) => first + index);

test.each(seeds)("whatever happens, what must be true stays true, and everything ends: seed %i", (seed) => {
  const environment = new RandomEnvironment(seed);
  try {
    for (let step = 0; step < STEPS && environment.violations.length === 0; step++) environment.step();
    if (environment.violations.length === 0) environment.heal();
    expect(environment.violations).toEqual([]);
  } finally {
    environment.under.close();
  }
});
