import type { FatalCode } from "../../protocol/supervisor-messages.ts";

/** What an error of SQLite means for the environment; undefined for any other error, which is a bug of ours. */
export type StorageFault =
  /** The disk is full: nothing of the transaction was kept, and the next may succeed. */
  | { readonly kind: "full" }
  /** Another program writes to the file: the next may succeed. */
  | { readonly kind: "busy" }
  | { readonly kind: "fatal"; readonly code: FatalCode };

export function storageFault(error: unknown): StorageFault | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  // Extended codes begin with the name of the plain one: SQLITE_IOERR_FSYNC, SQLITE_CORRUPT_INDEX.
  const [, name] = /^SQLITE_([A-Z]+)/.exec(error.code) ?? [];
  switch (name) {
    case "FULL":
      return { kind: "full" };
    case "BUSY":
      return { kind: "busy" };
    case "CORRUPT":
    case "NOTADB":
      return { kind: "fatal", code: "corrupt_database" };
    case "IOERR":
    case "CANTOPEN":
    case "READONLY":
    case "PROTOCOL":
    case "AUTH":
    case "PERM":
      return { kind: "fatal", code: "storage_failed" };
    default:
      return undefined;
  }
}
