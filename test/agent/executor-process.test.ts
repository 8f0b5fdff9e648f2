import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { bundle } from "../support/bundle.ts";
import { eventually } from "../support/eventually.ts";
import { executorBuild } from "../support/executor-build.ts";
import { buildSources } from "../support/executor-rig.ts";
import { isAlive } from "../support/process-tree.ts";

test.runIf(process.platform === "linux")(
  "an executor dies with its agent, also one whose event loop is blocked",
  async () => {
    const { entry } = await executorBuild();
    const source = `import { task } from "coflux"; export const block = task(() => { for (;;); });`;
    const { builder, bundle: built, directory, temporary } = await buildSources({ files: { "flows.ts": source } });
    if (!built.ok) throw new Error(built.error);
    const program = await bundle(join(import.meta.dirname, "fixtures/doomed-agent.ts"));
    const agent = spawn(process.execPath, [program, entry, built.value.path, directory], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = await once(createInterface({ input: agent.stdout }), "line");
    const executor = Number(line);
    expect(await isAlive(executor)).toBe(true);
    agent.kill("SIGKILL");
    await eventually("the executor is gone", async () => !(await isAlive(executor)), 5_000);
    await builder.dispose();
    await temporary.remove();
  },
);
