import { formatDuration } from "../../base/duration.ts";
import { environmentKey } from "../../protocol/names.ts";
import type { ProcessState, ExitView, ProcessesView, ProcessView } from "../../protocol/views.ts";
import type { Context } from "../context.ts";
import { formatBytes } from "../output/bytes.ts";
import { formatMoment } from "../output/moment.ts";
import { paintStatus } from "../output/status.ts";
import type { Column } from "../output/table.ts";
import type { Terminal } from "../output/terminal.ts";

/** One process of the server; the supervisor, which has no parent here, is always ready. */
type ProcessRow = ProcessView & { readonly name: string };

/** `coflux ps`: the processes of the server. */
export async function listProcesses({ api, output }: Context): Promise<void> {
  const body = await api.call("list-processes", {});
  output.list({
    rows: processRows(body),
    columns: processColumns(output.out, Date.now()),
    id: ({ name }) => name,
    body,
    empty: "no processes",
  });
}

export function processRows({ supervisor, gateway, orchestrators }: ProcessesView): ProcessRow[] {
  return [
    {
      name: "supervisor",
      pid: supervisor.pid,
      state: "ready",
      unresponsive: false,
      progress: null,
      restarts: 0,
      startedAt: supervisor.startedAt,
      rssBytes: supervisor.rssBytes,
      cpuPercent: null,
      eventLoopLagMs: null,
      lastExit: null,
    },
    { name: "gateway", ...gateway },
    ...orchestrators.map((one) => ({ name: environmentKey(one.project, one.environment), ...one })),
  ];
}

export function processColumns(terminal: Pick<Terminal, "isTty" | "colours">, now: number): Column<ProcessRow>[] {
  const { colours } = terminal;
  return [
    { title: "PROCESS", value: ({ name }) => name },
    { title: "PID", value: ({ pid }) => (pid === null ? "" : String(pid)), alignsRight: true },
    { title: "STATE", value: stateOf, paint: (text, row) => paintState(row.unresponsive ? null : row.state)(text) },
    {
      title: "UPTIME",
      value: ({ startedAt }) => (startedAt === null ? "" : formatDuration(now - startedAt)),
      alignsRight: true,
    },
    { title: "RESTARTS", value: ({ restarts }) => String(restarts), alignsRight: true },
    {
      title: "CPU",
      value: ({ cpuPercent }) => (cpuPercent === null ? "" : `${cpuPercent.toFixed(1)}%`),
      alignsRight: true,
    },
    { title: "MEMORY", value: ({ rssBytes }) => (rssBytes === null ? "" : formatBytes(rssBytes)), alignsRight: true },
    {
      title: "LAG",
      value: ({ eventLoopLagMs: lag }) => (lag === null ? "" : `${Math.round(lag)} ms`),
      alignsRight: true,
    },
    { title: "LAST EXIT", value: ({ lastExit }) => describeExit(lastExit), canShrink: true },
  ];

  function paintState(state: ProcessState | null): (text: string) => string {
    return state === null ? colours.red : paintStatus(state, colours);
  }

  function describeExit(exit: ExitView | null): string {
    if (exit === null) return "";
    const how = exit.signal ?? (exit.code === null ? "" : `code ${exit.code}`);
    return [formatMoment(terminal, exit.at, now), how, exit.reason].filter((part) => part !== "").join(", ");
  }
}

function stateOf({ state, unresponsive, progress }: ProcessRow): string {
  if (unresponsive) return "unresponsive";
  return progress === null ? state : `${state}: ${progress}`;
}
