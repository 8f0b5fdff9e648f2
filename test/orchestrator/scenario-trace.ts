import type { Effect } from "../../src/orchestrator/effect.ts";
import type { Verdict } from "../../src/orchestrator/verdict.ts";
import type { AgentCommand } from "../../src/protocol/agent-messages.ts";
import type { Outcome } from "../../src/protocol/outcome.ts";
import { describeWaitReason } from "../../src/protocol/wait-reason.ts";
import type { ExecutionFacts } from "./environment-rows.ts";

// How what happened is written in test/scenarios/*.txt. `START` is the time of the first line of a script.

export const START = 1_700_000_000_000;

const timeText = (ms: number): string => `+${ms - START}`;

/** What a command answered; nothing when it was accepted without an answer. */
export function verdictLine(verdict: Verdict): string | undefined {
  if (!verdict.ok) return `rejected ${verdict.error.code}: ${verdict.error.message}`;
  const { value } = verdict;
  if (value === null || "secret" in value) return undefined;
  if ("isNew" in value) return `${value.isNew ? "started" : "is already"} ${value.runId}`;
  if ("attempt" in value) return `made ${value.executionId}`;
  if ("isDone" in value) return value.isDone ? undefined : "more follows";
  if ("lastSequence" in value) return `resumed after frame ${value.lastSequence}`;
  return `sessions that may resume: ${value.sessions.join(" ") || "none"}`;
}

export function effectLines(effects: readonly Effect[]): string[] {
  const lines: string[] = [];
  const changed: string[] = [];
  for (const effect of effects) {
    if (effect.kind === "agent-command") lines.push(`${effect.session} < ${commandText(effect.command)}`);
    else if (effect.kind === "close-session") lines.push(`${effect.session} closed ${effect.code}: ${effect.reason}`);
    else changed.push("run" in effect ? `${effect.kind} ${effect.run}` : effect.kind);
  }
  return changed.length === 0 ? lines : [...lines, `~ ${changed.join(", ")}`];
}

export function executionLine(execution: ExecutionFacts, nameOf: (id: number) => string): string {
  const { executionId, path, successor, ignored } = execution;
  const next = successor === null ? "" : ` -> ${nameOf(successor)}`;
  const late = ignored.length === 0 ? "" : `; ignored: ${ignored.join(", ")}`;
  return `${executionId} ${path}: ${stateText(execution)}${next}${late}`;
}

function stateText(execution: ExecutionFacts): string {
  const { status, reason, sessionId, slot, expiresAt, outcome } = execution;
  const why = reason === null ? "" : `, ${describeWaitReason(reason, timeText)}`;
  if (status === "queued") return `queued${why}`;
  if (status === "assigned") {
    return `assigned to ${sessionId}, slot ${slot}${why}${expiresAt === null ? "" : `, until ${timeText(expiresAt)}`}`;
  }
  const end = outcome === undefined ? status : outcomeText(outcome);
  return slot === "none" ? end : `${end}, slot ${slot}`;
}

function commandText(command: AgentCommand): string {
  switch (command.kind) {
    case "execute": {
      const values = command.arguments.map((value) => (value.kind === "inline" ? value.data : value.key)).join(", ");
      const timeout = command.timeoutMs === null ? "" : ` within ${command.timeoutMs} ms`;
      const isolation = command.isolation === "process" ? " in a process of its own" : "";
      return `execute ${command.execution} ${command.target}(${values})${timeout}${isolation}`;
    }
    case "submitted":
      return `submitted ${command.caller}#${command.request}: ${command.execution}`;
    case "refused":
      return `refused ${command.caller}#${command.request}: ${command.code}, ${command.message}`;
    case "answer": {
      const outcome = command.outcome === null ? "pending" : outcomeText(command.outcome);
      return `answer ${command.caller}#${command.request}: ${command.execution} ${outcome}`;
    }
    case "done":
      return `done ${command.caller}#${command.request}`;
    case "abort":
      return `abort ${command.execution}: ${command.reason}`;
    case "drain":
      return "drain";
  }
}

function outcomeText(outcome: Outcome): string {
  switch (outcome.kind) {
    case "succeeded":
      return `succeeded ${outcome.value.kind === "inline" ? outcome.value.data : outcome.value.key}`;
    case "failed":
      return `failed ${outcome.error.type}: ${outcome.error.message}`;
    case "abandoned":
      return `abandoned (${outcome.reason})`;
    case "cancelled":
    case "timed_out":
      return outcome.kind;
  }
}
