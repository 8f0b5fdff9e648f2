/** Where chance comes from: `next()` is uniform in [0, 1). */
export interface Random {
  next(): number;
}

/** A small seeded generator (mulberry32): the same seed gives the same sequence on every machine. Not for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    next(): number {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = state;
      mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    },
  };
}

/** A whole number from 0 to `below - 1`. */
export function randomBelow(random: Random, below: number): number {
  return Math.floor(random.next() * below);
}
