/** `auto`: a tree where it can be drawn again, else plain lines; none with `--json` and `-q`. */
export const progressKinds = ["auto", "tree", "plain", "none"] as const;
export type ProgressKind = (typeof progressKinds)[number];
