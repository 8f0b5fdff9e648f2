import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { text } from "node:stream/consumers";

/** The file to which every execution under the faults appends its id when its function starts. */
export interface Witness {
  readonly path: string;
  /** The ids that stand in it now, in their order. */
  read(): Promise<readonly string[]>;
}

export async function newWitness(path: string): Promise<Witness> {
  await writeFile(path, "");
  const ids: string[] = [];
  let offset = 0;
  return {
    path,
    async read() {
      const added = await text(createReadStream(path, { start: offset })); // It grows large, and is looked at often.
      const lines = added.slice(0, added.lastIndexOf("\n") + 1);
      offset += Buffer.byteLength(lines);
      ids.push(...lines.split("\n").slice(0, -1));
      return ids;
    },
  };
}
