import { closeSync } from "node:fs";
import { execa } from "execa";
import type { Timers } from "../base/clock.ts";
import { type ChildMessage, type SupervisorMessage, childMessage } from "../protocol/supervisor-messages.ts";
import { openLog } from "./log-files.ts";
import { CHANNEL_END_MS } from "./limits.ts";

/** What a child is, whichever process plays it at the moment. */
export interface ChildSpec {
  /** `gateway`, or the project and environment of an orchestrator. */
  readonly name: string;
  readonly role: "gateway" | "orchestrator";
  /** Path of its bundle. */
  readonly program: string;
  /** Asked for before every spawn. */
  config(): object;
  readonly heapLimitMb: number | null;
  /** Resident memory above which it is restarted in order; null: it is not watched. */
  readonly rssLimitBytes: number | null;
  readonly logPath: string;
  /** Where it keeps its data. */
  readonly directory: string;
  /** Handed down as descriptor 3. */
  readonly inheritedDescriptor: number | null;
  readonly oomScore: number;
  /** Called before every spawn; what it throws fails the start. */
  prepare(): void;
}

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** Why it could not even be started. */
  readonly spawnError: string | null;
}

export interface ChildProcess {
  readonly pid: number | null;
  send(message: SupervisorMessage): void;
  kill(signal: "SIGTERM" | "SIGKILL"): void;
}

export interface ChildProcessParts {
  /** What process/death-signal.ts found; it follows the thread that spawns, which must be the main one. */
  readonly deathSignal: readonly string[];
  readonly timers: Timers;
  onMessage(message: ChildMessage): void;
  /** It said something that is no message. */
  onNonsense(reason: string): void;
  /** Its end, after everything it had said before. */
  onExit(exit: ProcessExit): void;
}

/** Where the supervisor may ask a child that hangs for its stack (SIGUSR1): an address that only the child's own log tells. */
const inspectorFlags = ["--inspect-port=127.0.0.1:0", "--inspect-publish-uid=stderr"];

/** Starts a process. What the system refuses (a full disk, no more processes) is an exit like any other. */
export function spawnChild(spec: ChildSpec, parts: ChildProcessParts): ChildProcess {
  try {
    spec.prepare();
    return launch(spec, parts);
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    parts.timers.after(0, () => parts.onExit({ code: null, signal: null, spawnError: error.message }));
    return { pid: null, send: () => undefined, kill: () => undefined };
  }
}

function launch(spec: ChildSpec, parts: ChildProcessParts): ChildProcess {
  const { deathSignal, timers } = parts;
  const heap = spec.heapLimitMb === null ? [] : [`--max-old-space-size=${spec.heapLimitMb}`];
  const node = [process.execPath, ...heap, ...inspectorFlags, spec.program, "--config", JSON.stringify(spec.config())];
  const [command = process.execPath, ...rest] = [...deathSignal, ...node];

  const inherited = spec.inheritedDescriptor === null ? [] : [spec.inheritedDescriptor];
  const log = openLog(spec.logPath);
  const subprocess = execa(command, rest, {
    ipc: true,
    serialization: "json",
    stdio: ["ignore", descriptor(log), descriptor(log), ...inherited.map(descriptor)],
    buffer: false,
    reject: false,
    cleanup: false, // It ends with its channel and by the death signal; execa would only add handlers of signals.
  });
  closeSync(log); // The child has it now.

  subprocess.on("message", (input: unknown) => {
    const parsed = childMessage.safeParse(input);
    if (parsed.success) parts.onMessage(parsed.data);
    else parts.onNonsense(parsed.error.message);
  });
  const channelEnd = new Promise<void>((resolve) => {
    if (subprocess.connected) subprocess.once("disconnect", () => resolve());
    else resolve();
  });
  const waitForEnd = async (): Promise<void> => {
    const { exitCode, signal, failed, shortMessage } = await subprocess;
    const isLate = new Promise<void>((resolve) => void timers.after(CHANNEL_END_MS, resolve));
    await Promise.race([channelEnd, isLate]);
    const spawnError = failed && subprocess.pid === undefined ? (shortMessage ?? "it could not be started") : null;
    parts.onExit({ code: exitCode ?? null, signal: signal ?? null, spawnError });
  };
  void waitForEnd();

  return {
    pid: subprocess.pid ?? null,
    send(message) {
      // A channel that has just broken is reported by the end of the process.
      if (subprocess.connected) subprocess.send(message, undefined, undefined, () => undefined);
    },
    kill: (signal) => void subprocess.kill(signal),
  };
}

/** execa hands down any open descriptor; its types name the first few. */
function descriptor(number: number): 3 {
  return number as 3;
}
