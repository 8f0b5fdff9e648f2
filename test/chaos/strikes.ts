import type { Random } from "../../src/base/random.ts";
import { type Victim, victims } from "./cluster.ts";

export interface Strike {
  readonly victim: Victim;
  /** How long the next one waits for. */
  readonly pauseMs: number;
  /** Whether the next one also waits until work goes on. */
  readonly isFollowedByWork: boolean;
}

const PAUSE_LEAST_MS = 20;
const PAUSE_MOST_MS = 400;

/**
 * Who is struck, without end: rounds in which each kind comes once. In every other round work goes on before the next strike; in those between,
 * the next one comes while the processes may still be starting.
 */
export function* strikesOf(random: Random): Generator<Strike> {
  for (let round = 0; ; round++) {
    for (const victim of shuffled(victims, random)) {
      const pauseMs = PAUSE_LEAST_MS + random.next() * (PAUSE_MOST_MS - PAUSE_LEAST_MS);
      yield { victim, pauseMs, isFollowedByWork: round % 2 === 0 };
    }
  }
}

function shuffled<T>(members: readonly T[], random: Random): readonly T[] {
  const placed = members.map((member) => ({ member, place: random.next() }));
  return placed.toSorted((a, b) => a.place - b.place).map(({ member }) => member);
}
