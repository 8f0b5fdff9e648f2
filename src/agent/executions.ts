import type { Ms } from "../base/clock.ts";
import { exhaustive } from "../base/exhaustive.ts";
import type { RelayedAgentCommand, RelayedAgentMessage } from "../protocol/executor-messages.ts";
import { type Outcome, outcomeField } from "../protocol/outcome.ts";
import { type SlotGrant, createExecutionSlots } from "./execution-slots.ts";
import type { ExecuteCommand, ExecutionMessage } from "./executor.ts";
import type { ExecutorPool } from "./executor-pool.ts";
import { OUTBOX_LIMIT_BYTES, OUTBOX_LOGS_LIMIT_BYTES, REASON_LIMIT, STOP_GRACE_MS, WAITING_LIMIT } from "./limits.ts";

// The executions of this session, between the orchestrator and the executors: commands go in when there is a slot, answers when the caller
// has one again, and what executors say goes out. Nothing in here knows a socket or a process.

/** What is answered to a request of an execution. */
type Answer = Extract<RelayedAgentCommand, { readonly kind: "refused" | "answer" }>;
type ExecutionCommand = Exclude<RelayedAgentCommand, { readonly kind: "drain" }>;

export interface ExecutionsParts {
  readonly concurrency: number;
  readonly pool: Pick<ExecutorPool, "start" | "send" | "abort" | "setWaiting" | "stopBusy">;
  /** Says something to the orchestrator. */
  readonly post: (message: RelayedAgentMessage) => void;
  /** Bytes that the orchestrator has not acknowledged. */
  readonly outboxBytes: () => number;
  /** Work is no longer taken, or again: the outbox is full, or is not any more. */
  readonly onOverload: (isOverloaded: boolean) => void;
}

export interface Executions {
  take(command: ExecutionCommand): void;
  /** Something that an executor said about its executions. */
  relay(message: ExecutionMessage): void;
  abandoned(execution: string, reason: string): void;
  stopped(execution: string): void;
  timedOut(execution: string): void;
  /** Reports everything as abandoned, and stops it within this time. */
  stopAll(reason: string, withinMs: Ms): void;
  /** Stops everything soon; nobody wants to hear of it. */
  forgetAll(): void;
  /** Looks again whether there is room for work. */
  checkLoad(): void;
  /** How many there are, in whatever state. */
  count(): number;
}

interface Entry {
  readonly command: ExecuteCommand;
  /** Requests that its code waits for. */
  readonly waits: Set<number>;
  hasStarted: boolean;
}

export function createExecutions(parts: ExecutionsParts): Executions {
  const { pool, post } = parts;
  const slots = createExecutionSlots<Answer>({ concurrency: parts.concurrency, waiting: WAITING_LIMIT });
  const entries = new Map<string, Entry>();
  let isOverloaded = false;

  const grant = (grants: readonly SlotGrant<Answer>[]): void => {
    for (const granted of grants) {
      const entry = entries.get(granted.execution);
      if (entry === undefined) continue;
      if (granted.kind === "start") {
        entry.hasStarted = true;
        pool.start(entry.command);
      } else {
        pool.send(granted.execution, granted.answer);
      }
    }
  };

  const end = (execution: string): void => {
    if (entries.delete(execution)) grant(slots.end(execution));
  };

  const checkLoad = (): void => {
    const isFull = parts.outboxBytes() >= OUTBOX_LIMIT_BYTES;
    if (isFull === isOverloaded) return;
    isOverloaded = isFull;
    parts.onOverload(isFull);
    grant(slots.hold(isFull));
  };

  const wait = (caller: string, request: number): void => {
    entries.get(caller)?.waits.add(request);
    pool.setWaiting(caller, true);
    grant(slots.wait(caller));
  };

  /** An answer to something that the code waits for may have to wait for a slot; any other goes in at once. */
  const answer = (command: Answer): void => {
    const entry = entries.get(command.caller);
    if (entry === undefined) return;
    if (!entry.waits.delete(command.request)) return pool.send(command.caller, command);
    if (entry.waits.size === 0) pool.setWaiting(command.caller, false);
    grant(slots.answer(command.caller, command));
  };

  const abort = (command: Extract<ExecutionCommand, { kind: "abort" }>): void => {
    const { execution, reason } = command;
    const entry = entries.get(execution);
    if (entry === undefined) return;
    if (!entry.hasStarted) {
      post({ kind: "stopped", execution });
      return end(execution);
    }
    entry.waits.clear();
    pool.setWaiting(execution, false);
    grant(slots.unwaitAll(execution));
    pool.abort(execution, reason);
  };

  const submit = (message: Extract<ExecutionMessage, { kind: "submit" }>): void => {
    const { request, caller, isAwaited } = message;
    if (!isOverloaded) {
      post(message);
      if (isAwaited) wait(caller, request);
      return;
    }
    const text = `the agent holds ${OUTBOX_LIMIT_BYTES} bytes that the server has not acknowledged; try again later`;
    pool.send(caller, { kind: "refused", request, caller, code: "overloaded", message: text });
  };

  const unwait = (message: Extract<ExecutionMessage, { kind: "unawait" }>): void => {
    const entry = entries.get(message.caller);
    post(message);
    if (!entry?.waits.delete(message.request)) return;
    if (entry.waits.size === 0) pool.setWaiting(message.caller, false);
    grant(slots.unwait(message.caller));
  };

  const abandoned = (execution: string, reason: string): void => {
    const outcome = { kind: "abandoned", reason: reason.slice(0, REASON_LIMIT) } as const;
    if (entries.has(execution)) post(outcomeMessage(execution, outcome, true));
    end(execution);
  };

  return {
    take(command) {
      switch (command.kind) {
        case "execute":
          entries.set(command.execution, { command, waits: new Set(), hasStarted: false });
          return grant(slots.add(command.execution));
        case "refused":
        case "answer":
          return answer(command);
        case "submitted":
        case "done":
          return pool.send(command.caller, command);
        case "abort":
          return abort(command);
        default:
          return exhaustive(command);
      }
    },
    relay(message) {
      const execution = "caller" in message ? message.caller : "execution" in message ? message.execution : undefined;
      if (execution !== undefined && !entries.has(execution)) return; // A last word from before its end.
      switch (message.kind) {
        case "submit":
          return submit(message);
        case "await":
          post(message);
          return message.isPeek ? undefined : wait(message.caller, message.request);
        case "unawait":
          return unwait(message);
        case "cancel":
        case "started":
          return post(message);
        case "outcome":
          post(message);
          return message.hasStopped ? end(message.execution) : undefined;
        case "stopped":
          post(message);
          return end(message.execution);
        case "logs":
          if (parts.outboxBytes() < OUTBOX_LOGS_LIMIT_BYTES) post(message);
          return;
        default:
          return exhaustive(message);
      }
    },
    abandoned,
    stopped(execution) {
      if (entries.has(execution)) post({ kind: "stopped", execution });
      end(execution);
    },
    timedOut(execution) {
      if (entries.has(execution)) post(outcomeMessage(execution, { kind: "timed_out" }, false));
    },
    stopAll(reason, withinMs) {
      for (const [execution, entry] of entries) {
        if (!entry.hasStarted) abandoned(execution, reason);
        else post(outcomeMessage(execution, { kind: "abandoned", reason }, false));
        entry.waits.clear();
      }
      pool.stopBusy(withinMs);
    },
    forgetAll() {
      for (const execution of entries.keys()) {
        entries.delete(execution);
        slots.end(execution);
      }
      pool.stopBusy(STOP_GRACE_MS);
    },
    checkLoad,
    count: () => entries.size,
  };
}

/** An outcome that the agent makes itself, as it travels. */
function outcomeMessage(execution: string, outcome: Outcome, hasStopped: boolean): RelayedAgentMessage {
  const packed = outcomeField.pack(outcome);
  return { kind: "outcome", execution, outcome: packed, mayRetry: true, retryAfterMs: null, hasStopped };
}
