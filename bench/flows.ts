import { appendFileSync } from "node:fs";
import { context, task, workflow } from "coflux";

// What the benchmark runs: targets that do nothing, so that what is measured is the orchestration.

export const empty = workflow(async () => null);

export const step = task(async (index: number) => index);

/** Calls one task after another. */
export const chain = workflow(async (length: number) => {
  for (let index = 0; index < length; index++) await step(index);
  return length;
});

/** Calls all tasks at once. */
export const fanOut = workflow(async (width: number) => {
  await Promise.all(Array.from({ length: width }, (_, index) => step(index)));
  return width;
});

/** Writes when it started, and as which execution. */
export const marked = task(async (path: string) => appendFileSync(path, `${Date.now()} ${context().executionId}\n`));

/** Calls one marked task after another. */
export const markedChain = workflow(async (path: string, length: number) => {
  for (let index = 0; index < length; index++) await marked(path);
  return length;
});
