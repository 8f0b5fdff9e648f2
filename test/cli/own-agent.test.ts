import { hostname } from "node:os";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createApi } from "../../src/cli/api/api.ts";
import { waitForOwnAgent, warnOfRivals } from "../../src/cli/commands/own-agent.ts";
import { captureOutput } from "./captured-output.ts";
import { E, type ScriptedApi, startScriptedApi } from "../support/scripted-api.ts";

// What an agent that starts says of others that host the same.

let api: ScriptedApi;
beforeEach(async () => {
  api = await startScriptedApi();
});
afterEach(async () => {
  await api.close();
});

const own = {
  sessionId: "Sown",
  connected: true,
  draining: false,
  repositories: ["flows", "mail"],
  host: hostname(),
  pid: process.pid,
};
const other = { ...own, sessionId: "Sother", host: "vm2", pid: 7 };

test.each([
  ["that hosts a repository of it is named", [other], "the agent vm2:7 hosts flows, mail here too"],
  [
    "of which each hosts one are counted",
    [
      { ...other, repositories: ["mail"] },
      { ...other, repositories: ["flows"] },
    ],
    "2 other agents (coflux agents list) host flows, mail here too",
  ],
  ["that hosts other repositories is none", [{ ...other, repositories: ["files"] }], ""],
  ["that drains takes no calls", [{ ...other, draining: true }], ""],
  ["that is not connected takes no calls", [{ ...other, connected: false }], ""],
])("another agent %s", async (_, others, warning) => {
  api.answer(`GET ${E}/agents`, [200, { agents: [own, ...others] }]);
  const { output, written } = captureOutput();
  const place = { url: api.url, project: "default", environment: "development", token: null };
  const context = { api: createApi(place), output, command: (words: string) => `coflux ${words}` };
  const found = await waitForOwnAgent(context, own.repositories, new AbortController().signal);
  if (found === null) throw new Error("it was not found");
  warnOfRivals(context, found, own.repositories);
  expect(found.session).toBe("Sown");
  const said = written.out + written.err;
  expect(warning === "" ? said : said.slice(0, warning.length)).toBe(warning);
});
