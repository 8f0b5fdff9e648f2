const SUGGESTIONS = 3;
/** How much of a word may be mistyped; of a path: of its last segment, so that a long folder does not make all its targets alike. */
const EDITED_SHARE = 0.3;

/** Those of the known names that someone who typed `text` may have meant: nearest first, none when nothing is near. */
export function similarNames(text: string, known: readonly string[]): string[] {
  const wanted = text.toLowerCase();
  const lastSegment = wanted.slice(wanted.lastIndexOf("/") + 1);
  const mostEdits = Math.max(1, Math.floor(lastSegment.length * EDITED_SHARE));
  return known
    .map((name) => ({ name, distance: nearness(wanted, name.toLowerCase()) }))
    .filter(({ distance }) => distance <= mostEdits)
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, SUGGESTIONS)
    .map(({ name }) => name);
}

/** How far apart they are; not at all if each segment begins as typed (`cl/ech`, `clients/echo`). Of a path the name alone may be typed. */
function nearness(wanted: string, name: string): number {
  if (beginsLike(wanted.split("/"), name.split("/"))) return 0;
  const last = name.slice(name.lastIndexOf("/") + 1);
  return Math.min(editDistance(wanted, name), wanted.includes("/") ? Infinity : editDistance(wanted, last));
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
