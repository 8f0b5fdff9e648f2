/** Where the bundles of other sources lie, seen from dist/cli/main.js, which this file is part of when it runs. */
export const bundles = {
  /** src/supervisor/main.ts */
  supervisor: new URL("../supervisor/main.js", import.meta.url),
  /** src/agent/main.ts */
  agent: new URL("../agent/main.js", import.meta.url),
  /** src/sdk/config.ts */
  config: new URL("../sdk/config.js", import.meta.url),
} as const;
