import { formatDuration } from "../../base/duration.ts";
import type { Parameter, TargetOptions } from "../../protocol/manifest.ts";
import type { Context } from "../context.ts";
import { type KnownTarget, knownTargets } from "../input/targets.ts";
import { chooseTarget } from "./find-target.ts";

export interface ListWorkflowsFlags {
  /** Tasks too. */
  readonly all?: boolean;
}

/** `coflux workflows list`: what can be run, from the manifests that agents declared. */
export async function listWorkflows(context: Context, { all = false }: ListWorkflowsFlags): Promise<void> {
  const { api, output, place } = context;
  const body = await api.call("list-repositories", {});
  const isShown = ({ target }: KnownTarget): boolean => all || target.type === "workflow";
  output.list({
    rows: knownTargets(body).filter(isShown),
    columns: [
      { title: all ? "TARGET" : "WORKFLOW", value: ({ path }) => path },
      ...(all ? [{ title: "TYPE", value: ({ target }: KnownTarget) => target.type }] : []),
      { title: "PARAMETERS", value: ({ target }) => describeParameters(target.parameters), canShrink: true },
      { title: "AGENTS", value: ({ agents }) => String(agents.length), alignsRight: true },
      { title: "DESCRIPTION", value: ({ target }) => target.description ?? "", canShrink: true },
    ],
    id: ({ path }) => path,
    body,
    empty: `no workflows in ${place.environment}: ${context.command("agent start <files…>")}`,
  });
}

/** `coflux workflows show`: one target with its parameters and options. */
export async function showWorkflow(context: Context, text: string): Promise<void> {
  const { output } = context;
  const { path, target, agents } = await chooseTarget(context, text);
  if (output.isJson) return output.json({ path, ...target, agents });
  if (output.isQuiet) return output.line(path);
  output.facts([
    [target.type, path],
    ["description", target.description ?? "-"],
    ["parameters", describeParameters(target.parameters) || "none"],
    ["options", describeOptions(target.options) || "defaults"],
    ["agents", agents.join(", ") || "none connected"],
  ]);
  if (target.type === "workflow") output.next(context.command(`run ${exampleCall(path, target.parameters)}`));
}

/** A call to type: what stands in angle brackets is to be replaced, and what stands in square ones may be. JavaScript does not say which is which. */
export function exampleCall(path: string, parameters: readonly Parameter[]): string {
  const words = parameters
    .filter(({ isRest }) => !isRest)
    .map(({ name, isOptional }) => (isOptional ? `[${name}]` : `<${name}>`));
  return [path, ...words].join(" ");
}

/** As a signature has them: `id, limit?, ...rest`. */
export function describeParameters(parameters: readonly Parameter[]): string {
  return parameters
    .map(({ name, isOptional, isRest }) => (isRest ? `...${name}` : `${name}${isOptional ? "?" : ""}`))
    .join(", ");
}

/** Those options that are not the default: `retries 3 (1.0s to 30s apart), timeout 10s`. */
export function describeOptions({ retries, timeoutMs, delayMs, priority, isolation }: TargetOptions): string {
  const parts: string[] = [];
  if (retries !== null) {
    const [least, most] = [formatDuration(retries.backoffMinMs), formatDuration(retries.backoffMaxMs)];
    parts.push(`retries ${retries.limit ?? "without end"} (${least === most ? least : `${least} to ${most}`} apart)`);
  }
  if (timeoutMs !== null) parts.push(`timeout ${formatDuration(timeoutMs)}`);
  if (delayMs !== null) parts.push(`delay ${formatDuration(delayMs)}`);
  if (priority !== null) parts.push(`priority ${priority}`);
  if (isolation !== null) parts.push(`isolation ${isolation}`);
  return parts.join(", ");
}
