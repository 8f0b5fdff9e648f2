import { refusedError } from "../command-error.ts";
import type { Context } from "../context.ts";
import { type KnownTarget, knownTargets, resolveTarget } from "../input/targets.ts";
import { ALTERNATIVES_SHOWN } from "../limits.ts";

/** The path of the target that was meant by its beginning or its name; says which one when it is not what was typed. */
export async function findTarget(context: Context, text: string): Promise<string> {
  const targets = knownTargets(await context.api.call("list-repositories", {}));
  return chooseTarget(context, text, targets).path;
}

/** The same among targets that are known already. */
export function chooseTarget(context: Context, text: string, targets: readonly KnownTarget[]): KnownTarget {
  const paths = targets.map(({ path }) => path);
  const resolved = resolveTarget(text, paths);
  const found = resolved.ok ? targets.find(({ path }) => path === resolved.value) : undefined;
  if (found) {
    if (found.path !== text) context.output.note(`${text} is ${found.path}`);
    return found;
  }
  const { project, environment } = context.place;
  const { kind, similar } = resolved.ok ? { kind: "unknown", similar: [] } : resolved.error;
  if (kind === "ambiguous") {
    const message = `${text} may be any of ${similar.join(", ")}`;
    throw refusedError({ code: "target_not_found", message }, "type enough of it to tell one from the others");
  }
  const message = `no agent of ${project}/${environment} has declared a target ${text}`;
  throw refusedError({ code: "target_not_found", message }, hintFor(similar, paths, context));
}

function hintFor(similar: readonly string[], paths: readonly string[], context: Context): string {
  if (similar.length > 0) return `did you mean ${similar.join(" or ")}?`;
  if (paths.length === 0) return `nothing is hosted there yet: ${context.command("agent start <files…>")}`;
  const rest = paths.length - ALTERNATIVES_SHOWN;
  return `targets: ${paths.slice(0, ALTERNATIVES_SHOWN).join(", ")}${rest > 0 ? `, and ${rest} more` : ""}`;
}
