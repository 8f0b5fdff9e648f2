import { finishedUrgency } from "./state.ts";
import type { StepNode, TreeNode } from "./tree.ts";

/** One line of the drawn tree. */
export type TreeRow =
  | { readonly kind: "node"; readonly node: TreeNode; readonly trail: Trail; readonly hiddenSteps: number }
  /** Stands for the children of one node that found no line. */
  | { readonly kind: "more"; readonly steps: number; readonly isFinished: boolean; readonly trail: Trail };

/** For each level from the outermost, whether this row or its ancestor is the last of its siblings. The root has none. */
export type Trail = readonly boolean[];

/**
 * Chooses at most `limit` lines of a tree: what failed first, then what runs, what waits, and what is finished, each with all its ancestors.
 * Children that found no line are counted on one line below their siblings, or beside their parent when none of them found one.
 */
export function foldTree(root: StepNode, limit: number): TreeRow[] {
  const shown = chooseNodes(root, limit);
  const rows: TreeRow[] = [];
  const visit = (node: TreeNode, trail: Trail): void => {
    const visible = node.children.filter((child) => shown.has(child));
    const hidden = node.children.filter((child) => !shown.has(child));
    const hiddenSteps = hidden.reduce((sum, child) => sum + child.size, 0);
    const hasMore = visible.length > 0 && hiddenSteps > 0;
    rows.push({ kind: "node", node, trail, hiddenSteps: hasMore ? 0 : hiddenSteps });
    for (const [index, child] of visible.entries()) {
      visit(child, [...trail, index === visible.length - 1 && !hasMore]);
    }
    const isFinished = hidden.every(({ urgency }) => urgency === finishedUrgency);
    if (hasMore) rows.push({ kind: "more", steps: hiddenSteps, isFinished, trail: [...trail, true] });
  };
  visit(root, []);
  return rows;
}

/** How many children of a node are shown and hidden so far: together they say whether it needs a line for the rest. */
interface Place {
  readonly parent: TreeNode | undefined;
  shown: number;
}

function chooseNodes(root: StepNode, limit: number): ReadonlySet<TreeNode> {
  const places = new Map<TreeNode, Place>();
  const byUrgency: TreeNode[][] = [];
  const survey = (node: TreeNode, parent: TreeNode | undefined): void => {
    places.set(node, { parent, shown: 0 });
    (byUrgency[node.urgency] ??= []).push(node);
    for (const child of node.children) survey(child, node);
  };
  survey(root, undefined);

  const chosen = new Set<TreeNode>([root]);
  let lines = 1;
  const linesForRest = (parent: TreeNode, shown: number): number =>
    shown > 0 && shown < parent.children.length ? 1 : 0;
  /** How many lines it takes to show this node with those of its ancestors that are not shown yet. */
  const costOf = (node: TreeNode): number => {
    let cost = 0;
    for (let at = node; !chosen.has(at);) {
      const parent = places.get(at)?.parent;
      if (!parent) break;
      const shown = chosen.has(parent) ? (places.get(parent)?.shown ?? 0) : 0;
      cost += 1 + linesForRest(parent, shown + 1) - linesForRest(parent, shown);
      at = parent;
    }
    return cost;
  };
  const show = (node: TreeNode): void => {
    for (let at = node; !chosen.has(at);) {
      chosen.add(at);
      const place = places.get(at);
      if (!place?.parent) break;
      const parentPlace = places.get(place.parent);
      if (parentPlace) parentPlace.shown += 1;
      at = place.parent;
    }
  };

  for (const node of byUrgency.flat()) {
    if (chosen.has(node)) continue;
    const cost = costOf(node);
    if (lines + cost > limit) continue;
    show(node);
    lines += cost;
  }
  return chosen;
}
