import { fileURLToPath } from "node:url";
import { type TestAgent, type TestServer, environmentPath, startAgent, startServer } from "../test/support/server.ts";

// The stage that every load plays on: one server, one agent with its default executors, one client, all on this machine.

export const environment = "bench";

export interface Stage {
  readonly server: TestServer;
  readonly agent: TestAgent;
  /** From `coflux server start` until the address was printed, and from asking for an environment until its orchestrator was ready. */
  readonly serverStartMs: number;
  readonly environmentStartMs: number;
  close(): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const beforeServer = performance.now();
  const server = await startServer({ flags: ["--idle-timeout", "0"] });
  const serverStartMs = performance.now() - beforeServer;
  await server.api("POST", "/api/projects/default/environments", { name: environment });
  const beforeEnvironment = performance.now();
  await server.api("GET", `${environmentPath(environment)}/agents`);
  const environmentStartMs = performance.now() - beforeEnvironment;
  const flows = fileURLToPath(new URL("../bench/flows.ts", import.meta.url));
  const agent = await startAgent(server, { environment, repositories: [`bench=${flows}`] });
  return {
    server,
    agent,
    serverStartMs,
    environmentStartMs,
    async close() {
      await agent.stop();
      await server.remove();
    },
  };
}
