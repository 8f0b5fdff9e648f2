import pc from "picocolors";
import type { RunView } from "../../src/protocol/views.ts";
import type { Summary } from "./summary.ts";

const megabyte = 1_048_576;
const FLAGGED_SHOWN = 8;

/** The largest packages as a table, then what wants a look. */
export function printPackages({ largest, flagged, packages, files, bytes }: Summary): void {
  printTable(
    ["package", "version", "files", "MB"],
    largest.map((one) => [one.name, one.version, String(one.files), (one.bytes / megabyte).toFixed(1)]),
  );
  console.log(
    `\n${packages} packages, ${files} files, ${(bytes / megabyte).toFixed(1)} MB; ${flagged.length} want a look:`,
  );
  for (const one of flagged.slice(0, FLAGGED_SHOWN))
    console.log(`  ${pc.yellow(one.name)} ${one.version}: ${one.findings.join(", ")}`);
  if (flagged.length > FLAGGED_SHOWN) console.log(`  and ${flagged.length - FLAGGED_SHOWN} more`);
}

export function printLicences({ licences }: Summary): void {
  console.log(`\nlicences: ${licences.v.map(([licence, count]) => `${licence} ${count}`).join(", ")}`);
}

/** For each target of the run: how many executions, and how long they waited for a slot and ran, on average and in all. */
export function printTimes(run: RunView): void {
  const targets = groupByTarget(run);
  printTable(
    ["target", "executions", "waited, ms each", "ran, ms each"],
    [...targets].map(([target, times]) => [
      target,
      String(times.count),
      average(times.waitedMs, times),
      average(times.ranMs, times),
    ]),
  );
  const seconds = ((run.completedAt ?? run.createdAt) - run.createdAt) / 1_000;
  const rate = Math.round(run.steps.length / seconds);
  console.log(
    `\n${run.steps.length} steps in ${seconds.toFixed(2)} s: ${pc.bold(`${rate} steps per second`)}, each of them on disk before anybody heard of it`,
  );
}

interface Times {
  count: number;
  waitedMs: number;
  ranMs: number;
}

function groupByTarget(run: RunView): Map<string, Times> {
  const targets = new Map<string, Times>();
  for (const { target, executions } of run.steps) {
    const times = targets.get(target) ?? { count: 0, waitedMs: 0, ranMs: 0 };
    targets.set(target, times);
    for (const { createdAt, assignedAt, completedAt } of executions) {
      if (assignedAt === null || completedAt === null) continue;
      times.count += 1;
      times.waitedMs += assignedAt - createdAt;
      times.ranMs += completedAt - assignedAt;
    }
  }
  return targets;
}

function average(ms: number, { count }: Times): string {
  return count === 0 ? "-" : (ms / count).toFixed(1);
}

function printTable(headings: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ");
  console.log(pc.dim(line(headings)));
  for (const row of rows) console.log(line(row));
}
