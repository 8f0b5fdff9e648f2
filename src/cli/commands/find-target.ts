import { refusedError } from "../command-error.ts";
import type { Context } from "../context.ts";
import { type KnownTarget, knownTargets, resolveTarget } from "../input/targets.ts";
import { ALTERNATIVES_SHOWN } from "../limits.ts";

/** The path of the workflow that was meant by its beginning or its name; says which one when it is not what was typed. */
export async function findWorkflow(context: Context, text: string): Promise<string> {
  return (await choose(context, text, "workflow")).path;
}

/** The same of any target, with all that its agents have declared of it. */
export async function chooseTarget(context: Context, text: string): Promise<KnownTarget> {
  return await choose(context, text, "target");
}

/** Only workflows are suggested where one is wanted; a task is still found, for the server to say that it is none. */
async function choose(context: Context, text: string, what: "workflow" | "target"): Promise<KnownTarget> {
  const targets = knownTargets(await context.api.call("list-repositories", {}));
  const isWanted = ({ target }: KnownTarget): boolean => what === "target" || target.type === what;
  const isHosted = ({ agents }: KnownTarget): boolean => agents.length > 0;
  const wanted = targets.filter(isWanted).toSorted((a, b) => Number(isHosted(b)) - Number(isHosted(a)));
  const pathsOf = (these: readonly KnownTarget[]): string[] => these.map(({ path }) => path);
  const paths = pathsOf(wanted);
  const ofAll = resolveTarget(text, pathsOf(targets));
  const resolved = ofAll.ok ? ofAll : resolveTarget(text, paths);
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
  const { state } = await context.api.call("show-environment", {});
  if (state === "archived") {
    throw refusedError({ code: "environment_archived", message: `${project}/${environment} is archived` });
  }
  const message = `no agent of ${project}/${environment} has declared a ${what} ${text}`;
  throw refusedError(
    { code: "target_not_found", message },
    await hintFor(similar, { what, paths, isAnyHosted: targets.length > 0 }, context),
  );
}

async function hintFor(
  similar: readonly string[],
  {
    what,
    paths,
    isAnyHosted,
  }: { readonly what: string; readonly paths: readonly string[]; readonly isAnyHosted: boolean },
  context: Context,
): Promise<string> {
  if (similar.length > 0) return `did you mean ${similar.join(" or ")}?`;
  if (paths.length === 0 && isAnyHosted) return `no ${what} is hosted there`;
  if (paths.length === 0) return await whyNothingIsHosted(context);
  const rest = paths.length - ALTERNATIVES_SHOWN;
  return `${what}s: ${paths.slice(0, ALTERNATIVES_SHOWN).join(", ")}${rest > 0 ? `, and ${rest} more` : ""}`;
}

async function whyNothingIsHosted({ api, command }: Context): Promise<string> {
  const { agents } = await api.call("list-agents", {});
  const connected = agents.find((agent) => agent.connected);
  return connected === undefined
    ? `nothing is hosted there yet: ${command("agent start <files…>")}`
    : `the agent ${connected.host}:${connected.pid} is connected, but its files export no targets`;
}
