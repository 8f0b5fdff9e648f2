import { invalidName } from "../../protocol/failures.ts";
import { refusedError } from "../command-error.ts";

/** Refuses a name before the server does, with the command for one that is near and keeps the rule. */
export function checkNewName(kind: "project" | "environment", name: string, command: (words: string) => string): void {
  const wrong = invalidName(kind, name);
  if (wrong === undefined) return;
  const near = nearName(name);
  throw refusedError(wrong, invalidName(kind, near) === undefined ? command(`${kind}s create ${near}`) : undefined);
}

function nearName(name: string): string {
  const segments = name.toLowerCase().split("/");
  return segments.map((segment) => segment.replace(/[^a-z0-9-]+/g, "-").replace(/^-+|-+$/g, "")).join("/");
}
