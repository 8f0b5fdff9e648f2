import { exhaustive } from "../../base/exhaustive.ts";
import type { Ms } from "../../base/clock.ts";
import type { RunView } from "../../protocol/views.ts";
import { ARGUMENTS_WIDTH } from "../limits.ts";
import type { Colours } from "../output/colour.ts";
import { type Piece, formatLine, widthOf } from "../output/line.ts";
import { summarizeArguments } from "../output/summarize-value.ts";
import { fitText } from "../output/text-width.ts";
import { formatStopwatch } from "../output/time.ts";
import { beganAt } from "./began-at.ts";
import { describeExecution, describeTime } from "./describe.ts";
import { type Trail, type TreeRow, foldTree } from "./fold.ts";
import { explains } from "./root-cause.ts";
import { type ShownState, type StepCounts, countSteps, countedStates, shownState } from "./state.ts";
import { asciiSymbols, type Symbols, unicodeSymbols } from "./symbols.ts";
import { type GroupNode, type StepNode, type TreeOptions, buildTrees } from "./tree.ts";

export interface TreeLook extends TreeOptions {
  readonly colours: Colours;
  readonly hasUnicode: boolean;
  /** Columns that a line may take; null: as many as it needs. */
  readonly columns: number | null;
  /** Lines that header, tree and footer may take together. */
  readonly lines: number;
}

const FRAME_LINES = 2;
const BAR_COLUMNS = 10;
/** The column of times stands no further right than this share of the line. */
const LABEL_SHARE = 0.6;
const USUAL_COLUMNS = 100;

/** A run as lines: what it is and since when, the tree of its steps, how many are in which state. */
export function renderRun(run: RunView, place: string, now: Ms, look: TreeLook): string[] {
  const symbols = look.hasUnicode ? unicodeSymbols : asciiSymbols;
  const rows = buildTrees(run, look).flatMap((root) => foldTree(root, Math.max(1, look.lines - FRAME_LINES)));
  const painter: Painter = { colours: look.colours, symbols, homeRepository: repositoryOf(run.target), now };
  const labels = rows.map((row) => labelOf(row, painter));
  const labelColumns = Math.min(
    Math.max(0, ...labels.map(widthOf)),
    Math.floor((look.columns ?? USUAL_COLUMNS) * LABEL_SHARE),
  );
  const lines = rows.map((row, index) => {
    const label = labels[index] ?? [];
    const gap = { text: " ".repeat(Math.max(0, labelColumns - widthOf(label))) };
    return [...label, gap, ...detailsOf(row, painter)];
  });
  return [headerOf(run, place, painter), ...lines, footerOf(countSteps(run), painter)].map((pieces) =>
    formatLine(trimEnd(pieces), look.columns, symbols.ellipsis),
  );
}

interface Painter {
  readonly colours: Colours;
  readonly symbols: Symbols;
  /** Targets of this repository go by their name alone. */
  readonly homeRepository: string;
  readonly now: Ms;
}

function headerOf(run: RunView, place: string, { colours, symbols, now }: Painter): Piece[] {
  const elapsed = formatStopwatch((run.completedAt ?? now) - beganAt(run));
  return [
    { text: run.target, paint: colours.bold },
    { text: ` ${run.id}${symbols.separator}${place}${symbols.separator}${elapsed}`, paint: colours.dim },
  ];
}

function footerOf(counts: StepCounts, { colours, symbols }: Painter): Piece[] {
  const parts = [`${counts.steps} ${counts.steps === 1 ? "step" : "steps"}`];
  for (const name of countedStates) {
    if (counts[name] > 0) parts.push(`${counts[name]} ${name}`);
  }
  return [{ text: `  ${parts.join(symbols.separator)}`, paint: colours.dim }];
}

function labelOf(row: TreeRow, painter: Painter): Piece[] {
  const { colours, symbols } = painter;
  const branches = { text: branchesOf(row.trail, symbols), paint: colours.dim };
  if (row.kind === "more") {
    const text = `${symbols.ellipsis} ${row.steps} more${row.isFinished ? " (finished)" : ""}`;
    return [branches, { text, paint: colours.dim }];
  }
  return row.node.kind === "step"
    ? [branches, ...stepLabel(row.node, row.hiddenSteps, painter)]
    : [branches, ...groupLabel(row.node, painter)];
}

function stepLabel({ step, execution }: StepNode, hiddenSteps: number, painter: Painter): Piece[] {
  const { colours, symbols } = painter;
  const values = fitText(summarizeArguments(step.arguments), ARGUMENTS_WIDTH, symbols.ellipsis);
  return [
    statePiece(shownState(execution), painter),
    { text: ` ${shortTarget(step.target, painter)}` },
    { text: values === "" ? "" : ` ${values}`, paint: colours.dim },
    { text: hiddenSteps === 0 ? "" : ` +${hiddenSteps}`, paint: colours.dim },
  ];
}

function groupLabel({ target, members, counts }: GroupNode, painter: Painter): Piece[] {
  const { colours, symbols } = painter;
  const finished = counts.done + counts.failed + counts.cancelled;
  const filled = Math.floor((finished / members.length) * BAR_COLUMNS);
  const bar = symbols.barDone.repeat(filled) + symbols.barLeft.repeat(BAR_COLUMNS - filled);
  return [
    statePiece(groupState(counts), painter),
    { text: ` ${shortTarget(target, painter)} ${symbols.times}${members.length} ` },
    { text: bar, paint: colours.dim },
  ];
}

function detailsOf(row: TreeRow, painter: Painter): Piece[] {
  if (row.kind === "more") return [];
  return row.node.kind === "step" ? stepDetails(row.node, painter) : groupDetails(row.node, painter);
}

function stepDetails(node: StepNode, { colours, now }: Painter): Piece[] {
  const { step, execution } = node;
  const isFailed = shownState(execution) === "failed";
  const notes = describeExecution(step, execution, now, isFailed && isExplainedBelow(node)).join(", ");
  const time = describeTime(execution, now);
  return [
    { text: time === "" ? "" : `  ${time}`, paint: colours.dim },
    { text: notes === "" ? "" : `  ${notes}`, paint: isFailed ? colours.red : colours.yellow },
  ];
}

/** What it called has failed with the same error: it need not be said twice. */
function isExplainedBelow({ execution: { result }, children }: StepNode): boolean {
  if (result === null) return false;
  const calls = children.flatMap((child) => (child.kind === "step" ? [child] : child.children));
  return calls.some(({ execution }) => execution.result !== null && explains(execution.result, result));
}

function groupDetails({ counts, members }: GroupNode, { colours, symbols, now }: Painter): Piece[] {
  const parts: Piece[] = [];
  const add = (count: number, mark: string, paint: (text: string) => string): void => {
    if (count > 0) parts.push({ text: `  ${count} ${mark}`, paint });
  };
  add(counts.done, symbols.state.succeeded, colours.green);
  add(counts.failed, symbols.state.failed, colours.red);
  add(counts.cancelled, symbols.state.cancelled, colours.yellow);
  add(counts.running, symbols.state.running, colours.cyan);
  add(counts.waiting, symbols.state.queued, colours.dim);
  const waiting = counts.running === 0 ? members.find(({ execution }) => execution.reason !== null) : undefined;
  const notes = waiting ? describeExecution(waiting.step, waiting.execution, now).join(", ") : "";
  return notes === "" ? parts : [...parts, { text: `  ${notes}`, paint: colours.yellow }];
}

function groupState(counts: GroupNode["counts"]): ShownState {
  if (counts.running > 0) return "running";
  if (counts.waiting > 0) return "queued";
  if (counts.failed > 0) return "failed";
  return counts.cancelled > 0 ? "cancelled" : "succeeded";
}

function statePiece(state: ShownState, { colours, symbols }: Painter): Piece {
  return { text: symbols.state[state], paint: statePaint(state, colours) };
}

function statePaint(state: ShownState, colours: Colours): (text: string) => string {
  switch (state) {
    case "succeeded":
    case "deferred":
    case "recurred":
      return colours.green;
    case "failed":
      return colours.red;
    case "running":
      return colours.cyan;
    case "queued":
    case "suspended":
    case "cancelled":
      return colours.yellow;
    default:
      return exhaustive(state);
  }
}

function branchesOf(trail: Trail, symbols: Symbols): string {
  return trail
    .map((isLast, level) => {
      if (level === trail.length - 1) return isLast ? symbols.lastBranch : symbols.branch;
      return isLast ? symbols.blank : symbols.through;
    })
    .join("");
}

function shortTarget(target: string, { homeRepository }: Painter): string {
  return repositoryOf(target) === homeRepository ? target.slice(homeRepository.length + 1) : target;
}

function repositoryOf(target: string): string {
  return target.slice(0, Math.max(0, target.lastIndexOf("/")));
}

function trimEnd(pieces: readonly Piece[]): Piece[] {
  const last = pieces.findLastIndex(({ text }) => text.trim() !== "");
  return pieces.slice(0, last + 1);
}
