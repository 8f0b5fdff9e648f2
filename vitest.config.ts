import { defineConfig } from "vitest/config";

const sdk = new URL("./src/sdk/", import.meta.url).pathname;

export default defineConfig({
  resolve: {
    alias: [
      { find: /^coflux$/, replacement: `${sdk}index.ts` },
      { find: /^coflux\/(client|config)$/, replacement: `${sdk}$1.ts` },
    ],
  },
  test: {
    reporters: ["default", "./scripts/test-counts.mjs"],
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**"],
          // For what hangs. Some of them start processes, which takes as long as the machine is busy with others.
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["scripts/build.mjs"],
          // Real processes: after the unit tests, and few at a time, so that they meet the load they make themselves.
          sequence: { groupOrder: 1 },
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
