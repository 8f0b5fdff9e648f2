import { cpus, release } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { environmentPath } from "../test/support/server.ts";
import { openClient } from "./client.ts";
import { usedBytes } from "./disk.ts";
import { measureFloor } from "./floor.ts";
import { countFsyncs } from "./fsyncs.ts";
import { type Load, chain, fanOut, manyRuns, playRounds, submitToResult } from "./loads.ts";
import { measureOutage } from "./outage.ts";
import { type Memory, memoryOf, pidsOf } from "./processes.ts";
import { openStage } from "./stage.ts";
import { median, percentile } from "./statistics.ts";

// `npm run bench [-- --rounds 5]`: every figure of bench/results.md, as a Markdown table. fsync is on throughout.

const roundsFlag = process.argv.indexOf("--rounds");
const rounds = roundsFlag === -1 ? 5 : Number(process.argv[roundsFlag + 1]);

console.log(
  `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, Linux ${release()}, ${cpus().length} × ${cpus()[0]?.model}`,
);
console.log("\n| load | figure | unit | notes |\n|---|---|---|---|");

/** After this long an orchestrator has recovered and is quiet. */
const IDLE_MS = 3_000;

const stage = await openStage();
try {
  await measure();
} finally {
  await stage.close();
}

async function measure(): Promise<void> {
  const client = openClient(stage);
  const idle = await idleMemory();
  const pids = await pidsOf(stage);
  row("start of the server", stage.serverStartMs, "ms", "command to address printed");
  row("start of an environment", stage.environmentStartMs, "ms", "first request to its answer");
  row("orchestrator memory, idle", idle.rssMb, "MiB RSS", `${idle.privateMb.toFixed(0)} private`);

  for (const load of [chain, fanOut, manyRuns]) await measureLoad(load);
  const { first, warm } = await submitToResult(client);
  const others = `p99 ${percentile(warm, 0.99).toFixed(1)}; the first ${first.length} runs ${median(first).toFixed(2)}`;
  row("submit to result, empty workflow", median(warm), "ms p50", others);

  const fsyncs = await countFsyncs(pids.orchestrator, () => chain.play(client));
  if (fsyncs === undefined) console.log("| fsyncs per step in a chain | – | | strace is not at hand |");
  else row("fsyncs per step in a chain", fsyncs / chain.steps, "fsyncs", `${fsyncs} for ${chain.steps} steps`);

  for (const [name, pid] of Object.entries({
    supervisor: pids.supervisor,
    gateway: pids.gateway,
    orchestrator: pids.orchestrator,
    agent: pids.agent,
  })) {
    const { rssMb, privateMb } = await memoryOf(pid);
    row(`${name} memory after the loads`, rssMb, "MiB RSS", `${privateMb.toFixed(0)} private`);
  }

  const outage = await measureOutage(stage, client);
  const found = `${outage.steps} steps, ${outage.startedTwice} started twice, ${outage.missing} never`;
  row("SIGKILL of an orchestrator under load", outage.longestSilenceMs, "ms silence", `the longest of all; ${found}`);

  const floor = await measureFloor();
  row(
    "floor: chain",
    floor.chainMsPerStep,
    "ms per step",
    `2 commits of ${floor.commitMs.toFixed(2)} ms, 2 echoes of ${floor.echoMs.toFixed(3)} ms`,
  );
  row("floor: grouped steps", floor.groupedStepsPerSecond, "steps per second", "bare better-sqlite3, 100 to a commit");
  client.close();

  async function measureLoad(load: Load): Promise<void> {
    const before = usedBytes(stage);
    const { first, figures, cpuMsPerStep, stepsPlayed } = await playRounds(load, client, pids, rounds);
    const { server, orchestrator, gateway, agent, executors } = cpuMsPerStep;
    const bytes = (usedBytes(stage) - before) / stepsPlayed;
    const range = `${figure(Math.min(...figures))}–${figure(Math.max(...figures))} over ${rounds} rounds, the first of all ${figure(first)}`;
    const parts = `orchestrator ${orchestrator.toFixed(2)}, gateway ${gateway.toFixed(2)}; agent ${agent.toFixed(2)}, executors ${executors.toFixed(2)}`;
    const cpu = `CPU per step: server ${server.toFixed(3)} ms (${parts})`;
    row(load.name, median(figures), load.unit, `${range}; ${cpu}; ${bytes.toFixed(0)} bytes per step`);
  }
}

/** Of an orchestrator that was asked for no views yet: those start a thread for a minute. */
async function idleMemory(): Promise<Memory> {
  const name = "idle";
  const { server } = stage;
  await server.api("POST", "/api/projects/default/environments", { name });
  await server.api("POST", `${environmentPath(name)}/resume`);
  await delay(IDLE_MS);
  const idle = (await server.processes()).orchestrators.find(({ environment }) => environment === name);
  if (typeof idle?.pid !== "number") throw new Error("the idle environment does not run");
  return await memoryOf(idle.pid);
}

function row(name: string, value: number, unit: string, notes: string): void {
  console.log(`| ${name} | ${figure(value)} | ${unit} | ${notes} |`);
}

function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}
