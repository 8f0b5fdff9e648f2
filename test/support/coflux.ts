import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

// The real product as its users start it: bin/coflux.js in processes of its own.

const root = fileURLToPath(new URL("../../", import.meta.url));
export const bin = fileURLToPath(new URL("../../bin/coflux.js", import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly process: ChildProcess;
  readonly pid: number;
  /** Everything it has printed so far. */
  stdout(): string;
  stderr(): string;
  /** The first line of stdout or stderr that matches, now or later; rejects when the process ends without it. */
  line(pattern: RegExp): Promise<RegExpExecArray>;
  readonly finished: Promise<Finished>;
}

export interface StartOptions {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly input?: string;
}

/** Starts `coflux …` and does not wait for its end. */
export function startCoflux(commandArguments: readonly string[], options: StartOptions = {}): Started {
  const child = spawn(process.execPath, [bin, ...commandArguments], {
    cwd: options.cwd ?? root,
    env: { ...cleanEnvironment(), ...options.environment },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.end(options.input ?? "");
  const printed = { stdout: "", stderr: "" };
  const seen: string[] = [];
  const watchers = new Set<(line: string) => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => (printed[name] += text));
    createInterface({ input: child[name] }).on("line", (line) => {
      seen.push(line);
      for (const watch of watchers) watch(line);
    });
  }
  const finished = once(child, "close").then(([code, signal]: unknown[]): Finished => ({
    code: typeof code === "number" ? code : null,
    signal: child.signalCode ?? (signal === null ? null : child.signalCode),
    ...printed,
  }));
  if (child.pid === undefined) throw new Error("coflux did not start");
  return {
    process: child,
    pid: child.pid,
    stdout: () => printed.stdout,
    stderr: () => printed.stderr,
    finished,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const watch = (line: string): void => {
          const match = pattern.exec(line);
          if (!match) return;
          watchers.delete(watch);
          resolve(match);
        };
        watchers.add(watch);
        for (const line of seen) watch(line);
        void finished.then(({ code, stderr }) =>
          reject(new Error(`coflux ended with ${code} before ${pattern}:\n${stderr}`)),
        );
      }),
  };
}

/** Runs `coflux …` to its end. */
export async function coflux(commandArguments: readonly string[], options: StartOptions = {}): Promise<Finished> {
  return await startCoflux(commandArguments, options).finished;
}

/** The environment of this process without what would change how coflux behaves. */
function cleanEnvironment(): Record<string, string | undefined> {
  const entries = Object.entries(process.env).filter(
    ([name]) => !/^(COFLUX_|FORCE_COLOR|NO_COLOR|VITEST|NODE_ENV)/.test(name),
  );
  return Object.fromEntries(entries);
}
