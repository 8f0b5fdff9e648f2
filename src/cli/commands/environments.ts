import type { EnvironmentView } from "../../protocol/views.ts";
import { type CommandError, refusedError } from "../command-error.ts";
import type { Context } from "../context.ts";
import { checkNewName } from "../input/new-name.ts";
import { formatMoment } from "../output/moment.ts";
import { paintStatus } from "../output/status.ts";
import { confirm } from "./confirm.ts";

// `coflux environments …`. Where a name may be left out, it is the environment of the command (`-e`).

export async function listEnvironments({ api, output, place }: Context): Promise<void> {
  const body = await api.call("list-environments", {});
  const { colours } = output.out;
  const now = Date.now();
  output.list({
    rows: body.environments,
    columns: [
      { title: "ENVIRONMENT", value: ({ name }) => name },
      {
        title: "STATE",
        value: ({ state }) => state,
        paint: (text, { state }) => paintStatus(state, colours)(text),
      },
      {
        title: "PROCESS",
        value: ({ process }) => process,
        paint: (text, { process }) => paintStatus(process, colours)(text),
      },
      { title: "BASE", value: ({ base }) => base ?? "" },
      { title: "CREATED", value: ({ createdAt }) => formatMoment(output.out, createdAt, now) },
    ],
    id: ({ name }) => name,
    body,
    empty: `no environments in project ${place.project}`,
  });
}

export async function createEnvironment(context: Context, name: string, { base }: { base?: string }): Promise<void> {
  const { api, output, command } = context;
  checkNewName("environment", name, command);
  const created = await api.call("create-environment", {}, { body: { name, base: base ?? null } });
  if (output.isJson) return output.json(created);
  output.line(created.name);
  output.next(command("agent start <files…>", { environment: created.name }));
}

export async function showEnvironment({ api, output, place }: Context, name?: string): Promise<void> {
  const shown = await api.call("show-environment", { environment: name ?? place.environment });
  if (output.isJson) return output.json(shown);
  if (output.isQuiet) return output.line(shown.name);
  const { colours } = output.out;
  output.facts([
    ["environment", shown.name],
    ["project", place.project],
    ["state", paintStatus(shown.state, colours)(shown.state)],
    ["process", paintStatus(shown.process, colours)(shown.process)],
    ["base", shown.base ?? "-"],
    ["created", formatMoment(output.out, shown.createdAt, Date.now())],
  ]);
}

export async function restartEnvironment({ api, output, place }: Context, name?: string): Promise<void> {
  const environment = name ?? place.environment;
  const restarted = await api.call("restart-environment", { environment });
  if (output.isJson) return output.json(restarted);
  output.line(String(restarted.pid));
  output.note(`${environment} runs in process ${restarted.pid}; nothing was lost or cancelled`);
}

export async function pauseEnvironment({ api, output, place, command }: Context, name?: string): Promise<void> {
  const environment = name ?? place.environment;
  await api.call("pause-environment", { environment });
  output.note(`${environment} is paused: what runs goes on, nothing new is assigned`);
  output.next(command(`environments resume ${environment}`));
}

export async function resumeEnvironment({ api, output, place }: Context, name?: string): Promise<void> {
  const environment = name ?? place.environment;
  await api.call("resume-environment", { environment });
  output.note(`${environment} is active`);
}

export async function archiveEnvironment(context: Context, name: string, { yes }: { yes?: boolean }): Promise<void> {
  await confirm(context, yes, `Archive ${name}? Its agents are sent away and what is pending is cancelled.`);
  await context.api.call("archive-environment", { environment: name });
  context.output.note(`${name} is archived; everything in it stays readable`);
}

export async function deleteEnvironment(context: Context, name: string, { yes }: { yes?: boolean }): Promise<void> {
  const { state } = await context.api.call("show-environment", { environment: name });
  if (state !== "archived") throw notArchived(context, name, state);
  await confirm(context, yes, `Delete ${name} with everything in it?`);
  await context.api.call("delete-environment", { environment: name });
  context.output.note(`${name} is deleted`);
}

/** Known before anybody is asked whether they are sure. */
function notArchived({ command }: Context, name: string, state: EnvironmentView["state"]): CommandError {
  const message = `${name} is ${state}; only an archived environment can be deleted`;
  return refusedError({ code: "environment_not_archived", message }, command(`environments archive ${name}`));
}
