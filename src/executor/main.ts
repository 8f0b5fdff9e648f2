import { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { type ExecutorMessage, decodeExecutorCommand, encodeExecutorMessage } from "../protocol/executor-messages.ts";
import { createMessageChannel } from "../process/message-channel.ts";
import { realClock, realTimers } from "../process/real-clock.ts";
import { currentRuntime } from "../sdk/context.ts";
import { createExecutor } from "./executor.ts";
import { EXECUTOR_FRAME_LIMIT_BYTES } from "../protocol/limits.ts";
import { AGENT_CHECK_INTERVAL_MS, AGENT_SILENT_CHECKS_LIMIT } from "./limits.ts";
import { guardProcess } from "./process-guards.ts";

// The process in which user code runs. Its agent speaks to it over descriptor 3; when that ends, so does this process.

const exit = process.exit.bind(process);
const endOfTurn = (run: () => void): void => void setImmediate(run);
let silentChecks = 0;

const send = (message: ExecutorMessage): void => channel.send(encodeExecutorMessage(message));
const executor = createExecutor({
  clock: realClock,
  timers: realTimers,
  endOfTurn,
  fetch,
  ownFile: fileURLToPath(import.meta.url),
  send,
  flush: () => channel.flush(),
  exit,
});
const channel = createMessageChannel(new Socket({ fd: 3, readable: true, writable: true }), {
  limitBytes: EXECUTOR_FRAME_LIMIT_BYTES,
  endOfTurn,
  decode: decodeExecutorCommand,
  onMessages(commands) {
    silentChecks = 0;
    for (const command of commands) executor.take(command);
  },
  onClose: () => exit(0), // The agent has dismissed this executor, or is gone.
});

guardProcess({
  current: executor.current,
  currentRuntime,
  send,
  flush: executor.flush,
});

// The agent means to stop this: a Ctrl-C that reaches the whole process group must not overtake it.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);

/** An agent that was stopped (SIGSTOP, a sleeping machine) cannot end its executors in time; they do it themselves. */
const checkAgent = (): void => {
  silentChecks += 1;
  if (silentChecks >= AGENT_SILENT_CHECKS_LIMIT) exit(1);
  realTimers.after(AGENT_CHECK_INTERVAL_MS, checkAgent);
};
realTimers.after(AGENT_CHECK_INTERVAL_MS, checkAgent);
