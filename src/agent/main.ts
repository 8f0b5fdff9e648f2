import { mkdtemp, readdir, rm } from "node:fs/promises";
import { availableParallelism, hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type AgentExitCode, type AgentOptions, agentExitCodes } from "../protocol/agent-run.ts";
import { realClock, realRandom, realTimers } from "../process/real-clock.ts";
import { type AgentWorld, startAgent } from "./agent.ts";

/**
 * Runs an agent in this process until it is told to end, and resolves to the exit code. The first SIGTERM, SIGINT or SIGHUP (its terminal
 * was closed) drains, the second aborts. Creates nothing on the server: a project or environment that is not there ends it.
 */
export async function runAgent(options: AgentOptions): Promise<AgentExitCode> {
  await removeStaleDirectories();
  const temporaryDirectory = await mkdtemp(join(tmpdir(), `${directoryPrefix}${process.pid}-`));
  const listening = listenForSignals();
  try {
    const agent = await startAgent(options, worldOfThisProcess(temporaryDirectory));
    listening.onFirst(() => agent.drain());
    listening.onSecond(() => agent.abort());
    const code = await agent.ended;
    if (code === agentExitCodes.drained || code === agentExitCodes.aborted) {
      const how = code === agentExitCodes.drained ? "drained" : "aborted";
      options.onEvent({ kind: "stopped", level: "info", text: `the agent has ${how}` });
    }
    return code;
  } finally {
    listening.stop();
    await rm(temporaryDirectory, { recursive: true, force: true });
  }
}

function worldOfThisProcess(temporaryDirectory: string): AgentWorld {
  return {
    clock: realClock,
    timers: realTimers,
    random: realRandom,
    endOfTurn: (run) => void setImmediate(run),
    workingDirectory: process.cwd(),
    variables: process.env,
    host: hostname(),
    pid: process.pid,
    node: process.version,
    cores: availableParallelism(),
    temporaryDirectory,
    executorEntry: fileURLToPath(new URL("../executor/main.js", import.meta.url)), // Of src/executor/main.ts.
    sdkDirectory: fileURLToPath(new URL("../sdk/", import.meta.url)), // Of src/sdk/.
  };
}

interface Signals {
  /** What the first signal does, and the second; at once for those that came before. */
  onFirst(react: () => void): void;
  onSecond(react: () => void): void;
  stop(): void;
}

const signals = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

function listenForSignals(): Signals {
  const reactions: (() => void)[] = [];
  let count = 0;
  const listener = (): void => {
    reactions[count]?.();
    count += 1;
  };
  const react = (index: number, reaction: () => void): void => {
    reactions[index] = reaction;
    if (count > index) reaction();
  };
  for (const signal of signals) process.on(signal, listener);
  return {
    onFirst: (reaction) => react(0, reaction),
    onSecond: (reaction) => react(1, reaction),
    stop() {
      for (const signal of signals) process.off(signal, listener);
    },
  };
}

const directoryPrefix = "coflux-agent-";

/** Removes what agents left behind that were killed. */
async function removeStaleDirectories(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(directoryPrefix) ? Number(name.slice(directoryPrefix.length).split("-")[0]) : NaN;
    if (!Number.isInteger(pid) || isAlive(pid)) continue;
    await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined); // Another user's.
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return !(error instanceof Error && "code" in error && error.code === "ESRCH");
  }
}
