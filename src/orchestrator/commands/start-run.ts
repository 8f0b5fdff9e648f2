import { accepted, rejected } from "../verdict.ts";
import { executionIdOf, stepIdOf } from "../../protocol/ids.ts";
import { packArguments, packOptions, unpackArguments } from "../store/value-columns.ts";
import { archived } from "../../protocol/failures.ts";
import { failure } from "../../base/result.ts";
import type { Handler } from "../handler.ts";
import type { Verdict } from "../verdict.ts";
import type { RunId } from "../../protocol/ids.ts";
import type { RunRow } from "../store/runs.ts";
import type { StartRun } from "../command.ts";
import type { Transaction } from "../transaction.ts";
import type { Value } from "../../protocol/values.ts";
import { canonicalText } from "../../protocol/value-format/canonical.ts";
import { checkCall, checkRequired } from "./check-call.ts";
import { createRun } from "../transitions/create-run.ts";
import { environmentState } from "../store/environment.ts";
import { findRunByKey } from "../store/runs.ts";
import { getRoot } from "../store/steps.ts";

/** A run from outside. It is accepted as soon as its workflow is known, whether an agent is there or not. */
export const startRun: Handler<"start-run"> = (tx, command) => {
  if (environmentState(tx.db) === "archived") return failure(archived());
  const earlier = command.idempotencyKey === null ? undefined : findRunByKey(tx.db, command.idempotencyKey);
  if (earlier !== undefined) return repeat(tx, earlier, command);
  const call = checkCall(tx, command);
  if (!call.ok) return call;
  const { target, options } = call.value;
  if (target.type !== "workflow") {
    const message = `${command.target} is a ${target.type}: a run starts from a workflow`;
    return rejected("not_a_workflow", message, { field: "target" });
  }
  const incomplete = checkRequired(tx, command, target);
  if (incomplete !== undefined) return failure(incomplete);
  if (!tx.admission.take()) {
    const message = `${tx.limits.queueLength} executions are queued already: try again when agents have caught up`;
    return rejected("overloaded", message, { limit: tx.limits.queueLength });
  }
  const { runId } = createRun(tx, {
    target: target.id,
    arguments: packArguments(command.arguments),
    options: packOptions(command.options),
    priority: options.priority,
    dueAt: tx.now + options.delayMs,
    parent: null,
    depth: 0,
    idempotencyKey: command.idempotencyKey,
  });
  return accepted({ ...startedView(runId), isNew: true });
};

/** The same call under the same key is the same run, for as long as the run is kept. */
function repeat(tx: Transaction, run: RunRow, command: StartRun): Verdict<"start-run"> {
  const root = getRoot(tx.db, run);
  const isSame = root.path === command.target && isSameArguments(root.arguments, command);
  if (isSame) return accepted({ ...startedView(run.runId), isNew: false });
  const message = `idempotency key ${JSON.stringify(command.idempotencyKey)} was used for another call, which became run ${run.runId}`;
  return rejected("idempotency_mismatch", message, { runId: run.runId });
}

function isSameArguments(column: string, command: StartRun): boolean {
  if (column === packArguments(command.arguments)) return true;
  const before = unpackArguments(column);
  return (
    before.length === command.arguments.length &&
    before.every((value, index) => isSameValue(value, command.arguments[index]))
  );
}

function isSameValue(a: Value, b: Value | undefined): boolean {
  if (a.kind === "inline" && b?.kind === "inline") {
    return canonicalText(a.data, a.references) === canonicalText(b.data, b.references);
  }
  return a.kind === "blob" && b?.kind === "blob" && a.key === b.key;
}

function startedView(runId: RunId) {
  return { runId, stepId: stepIdOf(runId, 1), executionId: executionIdOf(runId, 1, 1) };
}
