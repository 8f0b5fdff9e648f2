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
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**", "test/chaos/**"],
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["test/support/build-once.ts"],
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
