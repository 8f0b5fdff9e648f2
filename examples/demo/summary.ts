import * as z from "zod";

// The audit's summary as `coflux run` prints it: JSON, with the map of licences in the tagged form of docs/value-format.md.

const report = z.object({
  name: z.string(),
  version: z.string(),
  bytes: z.number(),
  files: z.number(),
  findings: z.array(z.string()),
});

const summary = z.object({
  packages: z.number(),
  files: z.number(),
  bytes: z.number(),
  licences: z.object({ $: z.literal("map"), v: z.array(z.tuple([z.string(), z.number()])) }),
  largest: z.array(report),
  flagged: z.array(report),
});

export type PackageSummary = z.infer<typeof report>;
export type Summary = z.infer<typeof summary>;

export function readSummary(value: unknown): Summary {
  return summary.parse(value);
}
