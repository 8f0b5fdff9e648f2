import type { AgentMessage } from "../protocol/agent-messages.ts";
import { exhaustive } from "../base/exhaustive.ts";
import type { Command } from "./command.ts";

/** What a message of this session's agent asks of the engine. */
export function commandOf(session: string, message: AgentMessage): Command {
  switch (message.kind) {
    case "declare": {
      const { concurrency, provides, repositories } = message;
      return { kind: "declare", session, concurrency, provides, repositories };
    }
    case "submit": {
      const { caller, request, target, options, isAwaited } = message;
      return {
        kind: "submit-call",
        session,
        caller,
        request,
        target,
        arguments: message.arguments,
        options,
        isAwaited,
      };
    }
    case "await": {
      const { caller, request, execution, isPeek } = message;
      return { kind: "await-execution", session, caller, request, execution, isPeek };
    }
    case "unawait":
      return { kind: "unawait", session, caller: message.caller, request: message.request };
    case "cancel": {
      const { caller, request, executions } = message;
      return { kind: "cancel-executions", session, caller, request, executions };
    }
    case "started":
      return { kind: "report-started", session, execution: message.execution };
    case "outcome": {
      const { execution, outcome, mayRetry, retryAfterMs, hasStopped } = message;
      return { kind: "report-outcome", session, execution, outcome, mayRetry, retryAfterMs, hasStopped };
    }
    case "stopped":
      return { kind: "report-stopped", session, execution: message.execution };
    case "logs":
      return { kind: "record-logs", session, entries: message.entries };
    case "draining":
      return { kind: "session-draining", session };
    default:
      return exhaustive(message);
  }
}
