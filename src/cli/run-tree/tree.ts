import { grouped } from "../../base/grouped.ts";
import type { ExecutionView, RunView, StepView } from "../../protocol/views.ts";
import { GROUP_FAILURES, GROUP_LEAST } from "../limits.ts";
import { type CountedState, countedAs, noSteps, shownState, urgencyOf } from "./state.ts";

/** One step with its latest attempt (or with any, where all are shown), over what that attempt called. */
export interface StepNode {
  readonly kind: "step";
  readonly step: StepView;
  readonly execution: ExecutionView;
  readonly children: readonly TreeNode[];
  /** Smaller deserves a line first (state.ts). */
  readonly urgency: number;
  /** Steps in this part of the tree, this one included. */
  readonly size: number;
}

/** Many siblings of one target as one line, over those of them that failed. */
export interface GroupNode {
  readonly kind: "group";
  readonly target: string;
  readonly members: readonly StepNode[];
  readonly counts: Readonly<Record<CountedState, number>>;
  readonly children: readonly StepNode[];
  readonly urgency: number;
  readonly size: number;
}

export type TreeNode = StepNode | GroupNode;

export interface TreeOptions {
  /** Folds many siblings of one target into one line. */
  readonly withGroups: boolean;
  /** Earlier attempts too, each over what it called. */
  readonly withAttempts: boolean;
}

/** The tree of a run; none before its first step is there, one for each attempt at that step where all attempts are shown. */
export function buildTrees(run: RunView, { withGroups, withAttempts }: TreeOptions): StepNode[] {
  const stepsOf = grouped(
    run.steps,
    ({ parentId }) => parentId,
    (step) => step,
  );

  const childrenOf = (execution: ExecutionView): TreeNode[] => {
    const nodes = (stepsOf.get(execution.id) ?? []).flatMap(nodesOf);
    return withGroups ? foldSiblings(nodes) : nodes;
  };
  const nodesOf = (step: StepView): StepNode[] =>
    step.executions.slice(withAttempts ? 0 : -1).map((execution) => {
      const children = childrenOf(execution);
      const size = children.reduce((sum, child) => sum + child.size, 1);
      return { kind: "step", step, execution, children, urgency: urgencyOf(shownState(execution)), size };
    });

  return (stepsOf.get(null) ?? []).flatMap(nodesOf);
}

/** A group stands where its first member stood. */
function foldSiblings(nodes: readonly StepNode[]): TreeNode[] {
  if (nodes.length < GROUP_LEAST) return [...nodes];
  const byTarget = grouped(
    nodes,
    ({ step }) => step.target,
    (node) => node,
  );
  return [...byTarget].flatMap(([target, members]): readonly TreeNode[] =>
    members.length < GROUP_LEAST ? members : [groupOf(target, members)],
  );
}

function groupOf(target: string, members: readonly StepNode[]): GroupNode {
  const counts = { ...noSteps };
  for (const { execution } of members) counts[countedAs(shownState(execution))] += 1;
  return {
    kind: "group",
    target,
    members,
    counts,
    children: members.filter(hasFailure).slice(0, GROUP_FAILURES),
    urgency: Math.min(...members.map(({ urgency }) => urgency)),
    size: members.reduce((sum, member) => sum + member.size, 0),
  };
}

function hasFailure(node: TreeNode): boolean {
  return node.urgency === 0 || node.children.some(hasFailure);
}
