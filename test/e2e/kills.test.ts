import { expect, test } from "vitest";
import { runChaos } from "../chaos/chaos.ts";

const KILLS = 100;

test(
  "a hundred kills at random moments under load lose nothing, repeat nothing and leave nothing unfinished",
  { timeout: 600_000 },
  async () => {
    const { wrongs, kills, runs } = await runChaos({ seed: 1, kills: KILLS, minutes: 0 });
    expect(wrongs).toEqual([]);
    expect(Object.values(kills).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(KILLS);
    expect(runs).toBeGreaterThan(KILLS / 4);
  },
);
