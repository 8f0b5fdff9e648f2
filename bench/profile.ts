// Where the CPU time goes: what `node --cpu-prof` would write, of the gateway, the orchestrator and the agent during chains, once they are warm.
// SIGUSR1 opens the inspector of each.
//
//   node scripts/run-ts.mjs bench/profile.ts <directory>
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { WebSocket } from "ws";
import { eventually } from "../test/support/eventually.ts";
import { openClient } from "./client.ts";
import { chain } from "./loads.ts";
import { pidsOf } from "./processes.ts";
import { environment, openStage } from "./stage.ts";

const WARM_UP_ROUNDS = 10;
const PROFILED_ROUNDS = 10;
const SAMPLING_INTERVAL_US = 200;
const inspectorAddress = /Debugger listening on (ws:\/\/\S+)/g;

interface Inspected {
  readonly name: string;
  readonly ask: (method: string, params?: object) => Promise<unknown>;
  readonly close: () => void;
}

const directory = process.argv[2];
if (directory === undefined) throw new Error("usage: node scripts/run-ts.mjs bench/profile.ts <directory>");

const stage = await openStage();
const client = openClient(stage);
try {
  for (let round = 0; round < WARM_UP_ROUNDS; round++) await chain.play(client);
  await profile(directory);
} finally {
  client.close();
  await stage.close();
}

async function profile(into: string): Promise<void> {
  const pids = await pidsOf(stage);
  const logs = join(stage.server.dataDirectory, "logs");
  const processes = await Promise.all([
    inspect("gateway", pids.gateway, () => readFile(join(logs, "gateway.log"), "utf8")),
    inspect("orchestrator", pids.orchestrator, () => readFile(join(logs, `default+${environment}.log`), "utf8")),
    inspect("agent", pids.agent, async () => stage.agent.process.stderr()),
  ]);
  for (const { ask } of processes) {
    await ask("Profiler.enable");
    await ask("Profiler.setSamplingInterval", { interval: SAMPLING_INTERVAL_US });
    await ask("Profiler.start");
  }
  for (let round = 0; round < PROFILED_ROUNDS; round++) {
    console.log(`${(await chain.play(client)).toFixed(2)} ms per step, profiled`);
  }
  await mkdir(into, { recursive: true });
  for (const { name, ask, close } of processes) {
    const { profile: taken } = (await ask("Profiler.stop")) as { profile: unknown }; // What Node's own inspector answers.
    await writeFile(join(into, `${name}.cpuprofile`), JSON.stringify(taken));
    close();
  }
}

async function inspect(name: string, pid: number, readLog: () => Promise<string>): Promise<Inspected> {
  process.kill(pid, "SIGUSR1");
  const address = await eventually(
    `the inspector of the ${name} listens`,
    async () => [...(await readLog()).matchAll(inspectorAddress)].at(-1)?.[1],
  );
  const socket = new WebSocket(address);
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  const answers = new Map<number, (answer: unknown) => void>();
  socket.on("message", (data: Buffer) => {
    const { id, result } = JSON.parse(data.toString("utf8")) as { id?: number; result?: unknown }; // From Node's own inspector.
    if (id !== undefined) answers.get(id)?.(result);
  });
  let last = 0;
  return {
    name,
    ask: (method, params = {}) =>
      new Promise((resolve) => {
        last += 1;
        answers.set(last, resolve);
        socket.send(JSON.stringify({ id: last, method, params }));
      }),
    close: () => socket.close(),
  };
}
