import { afterEach, describe, expect, test } from "vitest";
import type { AgentCommand } from "../../src/protocol/agent-messages.ts";
import type { AgentOptions } from "../../src/protocol/agent-run.ts";
import { type ScriptedServer, scriptedServer } from "../support/scripted-server.ts";
import { type AgentUnderTest, agentUnderTest } from "../support/test-agent.ts";

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

async function started(
  source: string,
  options: Partial<AgentOptions> = {},
): Promise<{ server: ScriptedServer; agent: AgentUnderTest }> {
  const server = await scriptedServer();
  cleanUps.push(() => server.close());
  const agent = await agentUnderTest(server.url, { "flows.ts": source }, options);
  cleanUps.push(() => agent.remove());
  return { server, agent };
}

const flows = `
import { context, task, workflow } from "coflux";
export const add = task(async (a: number, b: number) => a + b);
export const sum = workflow(async (a: number, b: number) => await add(a, b));
`;

const run = "Rbcdfghjk";
const execute = (execution: string, target: string, ...values: unknown[]): AgentCommand => ({
  kind: "execute",
  execution,
  target,
  arguments: values.map((value) => ({ kind: "inline", data: JSON.stringify(value), references: [] })),
  timeoutMs: null,
  isolation: "shared",
});
const succeeded = (value: unknown) =>
  ({ kind: "succeeded", value: { kind: "inline", data: JSON.stringify(value), references: [] } }) as const;

describe("an agent", () => {
  test("declares what its repositories define", async () => {
    const { server } = await started(flows);
    expect(await server.take("declare")).toMatchObject({
      concurrency: 100,
      repositories: [
        {
          name: "flows",
          targets: [
            { name: "add", type: "task" },
            { name: "sum", type: "workflow" },
          ],
        },
      ],
    });
  });

  test("runs what it is given, asks for what that calls, and reports the outcome", async () => {
    const { server } = await started(flows);
    await server.take("declare");
    server.send(execute(`${run}:1:1`, "flows/sum", 2, 3));
    const call = await server.take("submit");
    expect(call).toMatchObject({ caller: `${run}:1:1`, request: 1, target: "flows/add", isAwaited: true });
    server.send({ kind: "answer", caller: call.caller, request: 1, execution: `${run}:2:1`, outcome: succeeded(5) });
    expect(await server.take("outcome")).toMatchObject({
      execution: `${run}:1:1`,
      outcome: succeeded(5),
      hasStopped: true,
    });
  });
});
