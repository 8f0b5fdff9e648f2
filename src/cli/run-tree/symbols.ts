import type { ShownState } from "./state.ts";

/** What the tree is drawn with. Every symbol is one column wide. */
export interface Symbols {
  readonly state: Readonly<Record<ShownState, string>>;
  readonly branch: string;
  readonly lastBranch: string;
  readonly through: string;
  readonly blank: string;
  readonly barDone: string;
  readonly barLeft: string;
  readonly times: string;
  readonly separator: string;
  /** Where text was cut, and before a count of what is not shown. */
  readonly ellipsis: string;
}

export const unicodeSymbols: Symbols = {
  state: {
    queued: "○",
    running: "◐",
    succeeded: "✓",
    failed: "✗",
    cancelled: "⊘",
    suspended: "◌",
    deferred: "↷",
    recurred: "↻",
  },
  branch: "├─ ",
  lastBranch: "└─ ",
  through: "│  ",
  blank: "   ",
  barDone: "▓",
  barLeft: "░",
  times: "×",
  separator: " · ",
  ellipsis: "…",
};

export const asciiSymbols: Symbols = {
  state: {
    queued: "o",
    running: ">",
    succeeded: "+",
    failed: "x",
    cancelled: "-",
    suspended: "z",
    deferred: "~",
    recurred: "@",
  },
  branch: "|- ",
  lastBranch: "`- ",
  through: "|  ",
  blank: "   ",
  barDone: "#",
  barLeft: ".",
  times: "x",
  separator: " - ",
  ellipsis: "...",
};
