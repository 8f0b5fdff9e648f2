// A vitest reporter that leaves the counts of the run in node_modules/.cache/test-counts.json, for .ci/run to close with.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

const file = resolve(import.meta.dirname, "..", "node_modules/.cache/test-counts.json");

export default class TestCounts {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      // What fails outside a test (a file that does not load, a hook) fails as much as a test.
      counts.failed += module.errors().length;
      for (const suite of module.children.allSuites()) counts.failed += suite.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        counts[state === "passed" || state === "skipped" ? state : "failed"] += 1;
      }
    }
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(counts)}\n`);
  }
}
