import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bundle } from "./bundle.ts";

export interface CommandEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly variables?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Nobody reads what it writes to stdout. */
  readonly closesStdout?: boolean;
  /** Where a stream goes instead, as with `> file`; nothing of it is then in what it has written. */
  readonly stdoutFile?: string;
  readonly stderrFile?: string;
  /** Called with all that it has written to stderr so far, and how to signal it. */
  readonly onStderr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
}

export type RunCommand = (words: readonly string[], options?: CommandOptions) => Promise<CommandEnd>;

/** The command line of the sources as they are now, as a process of its own. */
export async function buildCommandLine(): Promise<RunCommand> {
  const entry = await bundle(fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url)));
  return async (
    words,
    { cwd, variables = {}, input = "", closesStdout = false, stdoutFile, stderrFile, onStderr } = {},
  ) => {
    const { PATH = "", HOME = "" } = process.env;
    const child = spawn(process.execPath, [entry, ...words], {
      cwd,
      env: { PATH, HOME, TZ: "UTC", ...variables },
      stdio: ["pipe", openStream(stdoutFile), openStream(stderrFile)],
    });
    const written = { stdout: "", stderr: "" };
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (written.stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      written.stderr += text;
      onStderr?.(written.stderr, (signal) => void child.kill(signal));
    });
    if (closesStdout) child.stdout?.destroy();
    child.stdin?.on("error", () => undefined); // It may not read what it is given.
    child.stdin?.end(input);
    const [code]: unknown[] = await once(child, "close");
    return { code: typeof code === "number" ? code : null, ...written };
  };
}

function openStream(file: string | undefined): number | "pipe" {
  return file === undefined ? "pipe" : openSync(file, "w");
}
