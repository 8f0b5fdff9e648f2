import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { setTimeout as delay } from "node:timers/promises";
import type { AgentsView, ProcessesView, RunListView, RunView } from "../../src/protocol/views.ts";

// The product as a user starts it: bin/coflux.js, one process each for server, agents and commands.

const bin = fileURLToPath(new URL("../../bin/coflux.js", import.meta.url));
const READY_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 15_000;
const POLL_MS = 10;

export interface DemoRun {
  readonly value: unknown;
  readonly view: RunView;
}

export interface DemoServer {
  readonly url: string;
  createEnvironment(name: string): Promise<void>;
  startAgent(environment: string, files: readonly string[]): Promise<void>;
  /** `coflux run`: the live tree goes to the terminal, the result comes back. */
  run(environment: string, target: string, runArguments: readonly string[]): Promise<DemoRun>;
  processes(): Promise<ProcessesView>;
}

export interface Demo {
  startServer(): Promise<DemoServer>;
  stop(): Promise<void>;
}

export function startDemo(dataDirectory: string): Demo {
  const running: ReturnType<typeof start>[] = [];

  const startServer = async (): Promise<DemoServer> => {
    const child = start(["server", "start", "--port", "0", "--data-dir", dataDirectory]);
    running.push(child);
    const url = await addressOf(child);
    const environmentUrl = (environment: string): string =>
      `${url}/api/projects/default/environments/${encodeURIComponent(environment)}`;
    return {
      url,
      createEnvironment: async (name) => {
        await execa(process.execPath, [bin, "environments", "create", name, "--url", url]);
      },
      startAgent: async (environment, files) => {
        const agent = start(["agent", "start", ...files, "-e", environment, "--url", url]);
        running.push(agent);
        const isConnected = async (): Promise<boolean> => {
          const { agents } = await getJson<AgentsView>(`${environmentUrl(environment)}/agents`);
          return agents.some(({ connected, repositories }) => connected && repositories.length > 0);
        };
        await Promise.race([waitUntil(`the agent of ${environment} connects`, isConnected), failed(agent)]);
      },
      run: async (environment, target, runArguments) => {
        // -q: without the hint what to type next, since the server ends with the demo.
        const look = ["-q", "--progress", process.stderr.isTTY ? "tree" : "plain"];
        const words = ["run", target, ...runArguments, "-e", environment, "--url", url, ...look];
        const { stdout } = await execa(process.execPath, [bin, ...words], { stdin: "ignore", stderr: "inherit" });
        const { runs } = await getJson<RunListView>(`${environmentUrl(environment)}/runs?limit=1`);
        const view = await getJson<RunView>(`${environmentUrl(environment)}/runs/${runs[0]?.id}`);
        return { value: JSON.parse(stdout), view };
      },
      processes: async () => await getJson<ProcessesView>(`${url}/api/processes`),
    };
  };

  const stop = async (): Promise<void> => {
    for (const child of running.toReversed()) {
      child.kill("SIGTERM", undefined);
      await child.catch(() => undefined); // However it ends: it is over.
    }
  };

  return { startServer, stop };
}

/** Starts `coflux …` in the background; what it says goes to memory, for the case that it fails. */
function start(words: readonly string[]) {
  return execa(process.execPath, [bin, ...words], {
    stdin: "ignore",
    all: true,
    forceKillAfterDelay: STOP_DEADLINE_MS,
  });
}

/** The address is the first line that the server prints on stdout. */
async function addressOf(child: ReturnType<typeof start>): Promise<string> {
  const [line]: unknown[] = await Promise.race([once(createInterface({ input: child.stdout }), "line"), failed(child)]);
  return String(line);
}

/** Never resolves; rejects with what a background process said when it ends too early. */
async function failed(child: ReturnType<typeof start>): Promise<never> {
  const { all, exitCode } = await child;
  throw new Error(`a process ended early with ${exitCode}:\n${all}`);
}

export async function waitUntil(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + READY_DEADLINE_MS;
  while (!(await isTrue().catch(() => false))) {
    if (Date.now() > end) throw new Error(`${what}: not within ${READY_DEADLINE_MS / 1_000} s`);
    await delay(POLL_MS);
  }
}

async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T; // The server of this checkout answers with the views of this checkout.
}
