import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import pc from "picocolors";
import { startDemo } from "./processes.ts";
import { printLicences, printPackages, printTimes } from "./report.ts";
import { type Summary, readSummary } from "./summary.ts";
import { killOrchestrator } from "./restart.ts";

// The main job, end to end: a server with two environments, an agent in each, and an audit of the packages installed here, while the
// orchestrator of the other environment is killed. Everything lies in a temporary directory; nothing runs on afterwards.

const audited = "production";
const killed = "development/demo";
const target = "examples/dependency-audit/audit/audit";

const directory = await mkdtemp(join(tmpdir(), "coflux-demo-"));
const demo = startDemo(join(directory, "data"));
try {
  await run();
} catch (error) {
  console.error(pc.red(error instanceof Error ? error.message : String(error)));
  process.exitCode = 1;
} finally {
  await demo.stop();
  await rm(directory, { recursive: true, force: true });
}

async function run(): Promise<void> {
  heading("A server, two environments, an agent in each");
  const server = await demo.startServer();
  console.log(`server at ${server.url}`);
  for (const environment of [audited, killed]) {
    await server.createEnvironment(environment);
    await server.startAgent(environment, ["examples/dependency-audit/audit.ts", "examples/hello/flows.ts"]);
    console.log(`environment ${environment}: an agent is connected`);
  }

  heading(`An audit of node_modules in ${audited}, while the orchestrator of ${killed} is killed`);
  const [audit, restart] = await Promise.all([
    server.run(audited, target, [resolve("node_modules")]),
    killOrchestrator(server, killed),
  ]);
  const summary: Summary = readSummary(audit.value);

  heading("Result");
  printPackages(summary);
  printLicences(summary);

  heading("Where the time went");
  printTimes(audit.view);

  heading("Meanwhile, next door");
  console.log(
    `${killed}: orchestrator ${restart.killedPid} was killed with SIGKILL; ${restart.newPid} was ready ${restart.downMs} ms later`,
  );
  const greeting = await server.run(killed, "examples/hello/flows/greet", ["Ada"]);
  console.log(`${killed}: its agent is still connected, and greets: ${pc.green(JSON.stringify(greeting.value))}`);
}

function heading(text: string): void {
  console.log(`\n${pc.bold(text)}`);
}
