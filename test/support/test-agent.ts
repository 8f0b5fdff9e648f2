import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Agent, startAgent } from "../../src/agent/agent.ts";
import type { AgentEvent, AgentOptions } from "../../src/protocol/agent-run.ts";
import { realClock, realRandom, realTimers } from "../../src/process/real-clock.ts";
import { executorBuild } from "./executor-build.ts";
import { temporaryDirectory } from "./temporary.ts";

export interface AgentUnderTest extends Agent {
  readonly events: readonly AgentEvent[];
  /** The next event of this kind that was not seen yet. */
  event(kind: AgentEvent["kind"]): Promise<AgentEvent>;
  /** Writes a source file of its repositories. */
  write(path: string, text: string): Promise<void>;
  /** Where its sources lie. */
  readonly directory: string;
  /** Aborts it and removes its files. */
  remove(): Promise<void>;
}

/** A whole agent in this process, with real executors, that hosts the given source files; the first is the repository `flows`. */
export async function agentUnderTest(
  url: string,
  files: Readonly<Record<string, string>>,
  options: Partial<AgentOptions> = {},
): Promise<AgentUnderTest> {
  const { entry, sdkDirectory } = await executorBuild();
  const temporary = await temporaryDirectory();
  const directory = join(temporary.path, "app");
  const scratch = join(temporary.path, "scratch");
  await mkdir(scratch, { recursive: true });
  /** In one step: whoever watches never sees half a file. */
  const write = async (path: string, text: string): Promise<void> => {
    const whole = join(temporary.path, "written");
    await writeFile(whole, text);
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await rename(whole, join(directory, path));
  };
  for (const [path, text] of Object.entries(files)) await write(path, text);

  const events: AgentEvent[] = [];
  const seen = new Set<AgentEvent>();
  const listeners = new Set<() => void>();
  const agent = await startAgent(
    {
      url,
      project: "default",
      environment: "development/joe",
      repositories: [{ name: "flows", path: Object.keys(files)[0] ?? "flows.ts" }],
      executors: 1,
      onEvent: (event) => {
        events.push(event);
        for (const listener of listeners) listener();
      },
      ...options,
    },
    {
      clock: realClock,
      timers: realTimers,
      random: realRandom,
      endOfTurn: (run) => void setImmediate(run),
      workingDirectory: directory,
      variables: process.env,
      host: "test",
      pid: process.pid,
      node: process.version,
      cores: 2,
      temporaryDirectory: scratch,
      executorEntry: entry,
      sdkDirectory,
    },
  );
  return {
    ...agent,
    events,
    directory,
    write,
    event: (kind) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = events.find((event) => event.kind === kind && !seen.has(event));
          if (found === undefined) return;
          seen.add(found);
          listeners.delete(look);
          resolve(found);
        };
        listeners.add(look);
        look();
      }),
    async remove() {
      agent.abort();
      await agent.ended;
      await temporary.remove();
    },
  };
}
