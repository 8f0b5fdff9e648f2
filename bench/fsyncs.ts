import { spawn } from "node:child_process";
import { once } from "node:events";

/**
 * How many fsyncs a process does while `work` runs, counted by strace. Undefined where strace is not installed or may not attach. The figure
 * is exact, but the work is slowed down: time it separately.
 */
export async function countFsyncs(pid: number, work: () => Promise<unknown>): Promise<number | undefined> {
  const strace = spawn("strace", ["-f", "-e", "trace=fsync,fdatasync", "-p", String(pid)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const failed = once(strace, "error").then(() => false);
  let printed = "";
  const attached = new Promise<boolean>((resolve) => {
    strace.stderr.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
      if (/attached/.test(printed)) resolve(true);
    });
    strace.on("close", () => resolve(false));
  });
  if (!(await Promise.race([attached, failed]))) return undefined;
  printed = "";
  await work();
  strace.kill("SIGINT");
  await once(strace, "close");
  return printed.match(/f(data)?sync\(/g)?.length ?? 0;
}
