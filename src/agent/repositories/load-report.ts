import type { AgentEvent } from "../../protocol/agent-run.ts";
import type { TargetDefinition } from "../../protocol/manifest.ts";
import { type LoadedManifest, describeChanges } from "./loaded-manifest.ts";
import type { Loaded } from "./repository-loader.ts";

/** What a load means to the one who watches: one event for each repository that has something to say. */
export function reportLoaded({ manifests, before, tookMs }: Loaded): AgentEvent[] {
  return manifests.flatMap((loaded): AgentEvent[] => {
    const { name, targets, version } = loaded.manifest;
    const old = before.find(({ manifest }) => manifest.name === name);
    if (old?.manifest.version === version) return [];
    if (targets.length === 0) return [reportEmpty(loaded)];
    if (old === undefined) return [{ kind: "loaded", level: "info", text: `${name}: ${listTargets(targets)}` }];
    const changes = describeChanges(old, loaded);
    const text = `${name} reloaded in ${Math.round(tookMs)} ms${changes === "" ? "" : `: ${changes}`}`;
    return [{ kind: "reloaded", level: "info", text }];
  });
}

/** `workflows greet, report; task load` */
function listTargets(targets: readonly TargetDefinition[]): string {
  const kinds = (["workflow", "task", "sensor"] as const).map((type) => ({
    type,
    names: targets.filter((one) => one.type === type),
  }));
  return kinds
    .filter(({ names }) => names.length > 0)
    .map(({ type, names }) => `${type}${names.length === 1 ? "" : "s"} ${names.map(({ name }) => name).join(", ")}`)
    .join("; ");
}

function reportEmpty({ manifest, file }: LoadedManifest): AgentEvent {
  const advice = "export what workflow() or task() return: export const greet = workflow(async () => …)";
  return { kind: "loaded", level: "warning", text: `${manifest.name} (${file}) exports no targets; ${advice}` };
}

export function reportMended(): AgentEvent {
  return { kind: "reloaded", level: "info", text: "the code is good again, and the same as before" };
}

/** A load that failed: the code from before, if there was any, stays in use. */
export function reportBroken(error: string, when: { isFirst: boolean; isWatching: boolean }): AgentEvent {
  const next = when.isWatching ? "\nnothing is hosted yet; it is tried again when a file is saved" : "";
  const text = when.isFirst ? `${error}${next}` : `not reloaded, the code from before stays in use:\n${error}`;
  return { kind: "broken", level: "error", text };
}
