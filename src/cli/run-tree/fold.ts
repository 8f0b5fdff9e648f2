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

/** Where a node stands while lines are given out. A node that is not shown has no children that are. */
interface Place {
  readonly node: TreeNode;
  readonly parent: Place | null;
  isShown: boolean;
  shownChildren: number;
}

function chooseNodes(root: StepNode, limit: number): ReadonlySet<TreeNode> {
  const byUrgency: Place[][] = [];
  const survey = (node: TreeNode, parent: Place | null): void => {
    const place = { node, parent, isShown: parent === null, shownChildren: 0 };
    (byUrgency[node.urgency] ??= []).push(place);
    for (const child of node.children) survey(child, place);
  };
  survey(root, null);

  const places = byUrgency.flat(); // Sparse where nothing is that urgent; flat leaves those out.
  let lines = 1;
  for (const place of places) {
    const cost = costOf(place);
    if (lines + cost > limit) continue;
    show(place);
    lines += cost;
  }
  return new Set(places.filter(({ isShown }) => isShown).map(({ node }) => node));
}

/** How many lines it takes to show this node with those of its ancestors that are not shown yet. */
function costOf(place: Place): number {
  let cost = 0;
  for (let at = place; at.parent && !at.isShown; at = at.parent) {
    cost += 1 + linesForRest(at.parent, at.parent.shownChildren + 1) - linesForRest(at.parent, at.parent.shownChildren);
  }
  return cost;
}

function show(place: Place): void {
  for (let at = place; at.parent && !at.isShown; at = at.parent) {
    at.isShown = true;
    at.parent.shownChildren += 1;
  }
}

/** Whether some children are shown and some are not: the others then share a line. */
function linesForRest({ node }: Place, shownChildren: number): number {
  return shownChildren > 0 && shownChildren < node.children.length ? 1 : 0;
}
