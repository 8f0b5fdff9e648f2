const SUGGESTIONS = 3;
/** How much of a segment may be mistyped; of a path this counts for each, so that a long folder does not make all its targets alike. */
const EDITED_SHARE = 0.3;
/** Behind whatever is near: in another folder, but with the very same name. */
const SAME_NAME = 1_000;

/** Those of the known names that someone who typed `text` may have meant: nearest first, none when nothing is near. */
export function similarNames(text: string, known: readonly string[]): string[] {
  const wanted = text.toLowerCase().split("/");
  return known
    .map((name) => ({ name, distance: distanceTo(name.toLowerCase().split("/"), wanted) }))
    .filter(({ distance }) => distance < Infinity)
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, SUGGESTIONS)
    .map(({ name }) => name);
}

/**
 * How far a name is from what was typed; not at all if each segment begins as typed (`cl/ech`, `clients/echo`). Of a path the end alone may be
 * typed: its name, or with some of the folders before it. Infinite when nobody would mistake one for the other.
 */
function distanceTo(name: readonly string[], wanted: readonly string[]): number {
  if (beginsLike(wanted, name)) return 0;
  const end = name.slice(-wanted.length);
  const edits = end.length < wanted.length ? Infinity : editsBetween(wanted, end);
  const whole = editsWithin(wanted.join("/"), name.join("/"), wanted.at(-1));
  return Math.min(edits, whole, wanted.at(-1) === name.at(-1) ? SAME_NAME : Infinity);
}

/** Of segments that stand for each other; each has to be near. */
function editsBetween(wanted: readonly string[], segments: readonly string[]): number {
  return segments.reduce((sum, segment, index) => sum + editsWithin(wanted[index] ?? "", segment), 0);
}

/** Infinite when they are more than may be mistyped of `measure`. */
function editsWithin(from: string, to: string, measure = from): number {
  const edits = editDistance(from, to);
  return edits <= Math.max(1, Math.floor(measure.length * EDITED_SHARE)) ? edits : Infinity;
}

function beginsLike(wanted: readonly string[], name: readonly string[]): boolean {
  return wanted.length === name.length && name.every((segment, index) => segment.startsWith(wanted[index] ?? ""));
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one text into the other. */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1];
      let least = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
      );
      const isSwap = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (isSwap) least = Math.min(least, (beforeLast[column - 2] ?? 0) + 1);
      current.push(least);
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}
