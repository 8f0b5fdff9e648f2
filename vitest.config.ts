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
    // For what hangs: a busy machine may take its time, and the deadlines inside the tests, which say what did not come, are shorter.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**"],
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
        },
      },
    ],
  },
});
