/** Throws from a line that the tests know, in a file of its own. */
export class Broken extends TypeError {
  override readonly name = "Broken";
}

export function brokenAt(message: string): never {
  throw new Broken(message);
}
