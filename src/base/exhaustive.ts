/** The branch that cannot be reached: a new member of a union makes the call fail to compile. */
export function exhaustive(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}
