import { Duplex, type Readable } from "node:stream";
import { execa } from "execa";
import type { Clock, Timers } from "../base/clock.ts";
import {
  type RelayedExecutorCommand,
  type RelayedExecutorMessage,
  decodeRelayedExecutorMessage,
  encodeRelayedExecutorCommand,
} from "../protocol/executor-messages.ts";
import { deathSignal } from "../process/death-signal.ts";
import { EXECUTOR_FRAME_LIMIT_BYTES } from "../protocol/limits.ts";
import { createMessageChannel } from "../process/message-channel.ts";
import { LAST_WORDS_MS, STDERR_TAIL_LINES } from "./limits.ts";
import { createOutputLines } from "./output-lines.ts";

/** What an executor is started with, and what the agent's processes take from the world. */
export interface ExecutorWorld {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly endOfTurn: (run: () => void) => void;
  /** The bundle of src/executor/main.ts. */
  readonly entry: string;
  readonly workingDirectory: string;
  /** The environment variables of the agent; user code gets them all. */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

export interface ExecutorEvents {
  onMessages(messages: readonly RelayedExecutorMessage[]): void;
  /** A line that was written outside of any execution. */
  onOutput(line: string): void;
  /** The process is gone and everything it said has been heard. `reason`: "ended with code 1", with what it wrote last. */
  onEnd(reason: string): void;
}

export interface ExecutorProcess {
  readonly pid: number | undefined;
  send(command: RelayedExecutorCommand): void;
  /** Text that came over the channel, and belongs to the last lines of stderr that are quoted when it has died. */
  noteLastWords(text: string): void;
  /** Nothing more will be asked of it: it ends. */
  dismiss(): void;
  /** Ends it and what it started, now. */
  kill(reason: string): void;
}

/** Starts an executor: a process group of its own, that dies with the agent (on Linux even when it is blocked). */
export function startExecutorProcess(world: ExecutorWorld, events: ExecutorEvents): ExecutorProcess {
  const { timers } = world;
  const [file, ...fileArguments] = [...deathSignal(), process.execPath, world.entry];
  const child = execa(file, fileArguments, {
    cwd: world.workingDirectory,
    env: { ...world.variables },
    extendEnv: false,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    buffer: false,
    reject: false,
    detached: true,
    cleanup: false,
  });
  const stderrTail = createTail(STDERR_TAIL_LINES);
  let killReason: string | undefined;
  let exitReason: string | undefined;
  /** What may still hold words of a process that is gone. */
  const unread = new Set<"channel" | "stderr">(["channel", "stderr"]);
  let hasEnded = false;

  const channel = createMessageChannel(channelOf(child.stdio[3]), {
    limitBytes: EXECUTOR_FRAME_LIMIT_BYTES,
    endOfTurn: world.endOfTurn,
    decode: decodeRelayedExecutorMessage,
    onMessages: (messages) => events.onMessages(messages),
    onClose: (reason) => {
      heardOut("channel");
      timers.after(LAST_WORDS_MS, () => kill(`did not end although its channel had (${reason})`));
    },
  });

  const heardOut = (source: "channel" | "stderr"): void => {
    unread.delete(source);
    if (unread.size === 0 && exitReason !== undefined) end();
  };

  const exited = (reason: string): void => {
    exitReason ??= reason;
    if (unread.size === 0) end();
    else timers.after(LAST_WORDS_MS, end); // A process that it started may hold its streams open.
  };

  const end = (): void => {
    if (hasEnded) return;
    hasEnded = true;
    for (const lines of outputs) lines.end();
    const written = stderrTail.lines().join("\n");
    const tail = killReason === undefined && written !== "" ? `; it last wrote:\n${written}` : "";
    events.onEnd(`${killReason ?? exitReason ?? "ended"}${tail}`);
  };

  const kill = (reason: string): void => {
    if (exitReason !== undefined || child.pid === undefined) return;
    killReason ??= reason;
    try {
      process.kill(-child.pid, "SIGKILL");
    } catch {
      child.kill("SIGKILL"); // It has not yet become the leader of its group, or it is gone.
    }
  };

  const read = (stream: Readable | null, onLine: (line: string) => void) => {
    const lines = createOutputLines(world.clock, onLine);
    stream?.setEncoding("utf8").on("data", (text: string) => lines.push(text));
    return lines;
  };
  const outputs = [
    read(child.stdout, (line) => events.onOutput(line)),
    read(child.stderr, (line) => {
      stderrTail.add(line);
      events.onOutput(line);
    }),
  ];

  child.stderr.once("close", () => heardOut("stderr"));
  child.once("exit", (code, signal) => exited(signal === null ? `ended with code ${code}` : `was ended by ${signal}`));
  void child.then(({ originalMessage }) => {
    if (child.pid === undefined) exited(`could not be started: ${originalMessage ?? "for an unknown reason"}`);
  });

  return {
    pid: child.pid,
    send: (command) => channel.send(encodeRelayedExecutorCommand(command)),
    noteLastWords: (text) => text.split("\n").forEach((line) => stderrTail.add(line)),
    dismiss: () => channel.end(),
    kill,
  };
}

interface Tail {
  add(line: string): void;
  lines(): readonly string[];
}

/** The frames of V8 and Node when V8 gives up, and what stands above them: they say nothing of the user's code. */
const nativeTrace = /^(?: *\d+: 0x[0-9a-f]+ |----- Native stack trace -----$|$)/;

/** The last lines, and before them why V8 gave up, without its last collections and its native stack trace. */
function createTail(limit: number): Tail {
  const last: string[] = [];
  let fatal: string | undefined;
  return {
    add(line) {
      if (line.startsWith("FATAL ERROR:")) {
        fatal = line;
        last.length = 0;
      } else if (fatal !== undefined && nativeTrace.test(line)) return;
      last.push(line);
      if (last.length > limit) last.shift();
    },
    lines: () => (fatal === undefined || last.includes(fatal) ? last : [fatal, "…", ...last]),
  };
}

function channelOf(stream: unknown): Duplex {
  if (stream instanceof Duplex) return stream;
  throw new Error("the executor was started without a channel");
}
