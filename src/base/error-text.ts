/** What something that was thrown says: the message of an error, or the thing itself as text. */
export function errorText(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** What a log keeps of something that was thrown: the stack, which begins with the message. */
export function errorStack(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? String(thrown)) : String(thrown);
}
