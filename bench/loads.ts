import type { BenchClient } from "./client.ts";
import { type CpuMs, type Pids, cpuMsOf } from "./processes.ts";

// The loads. Each is played until the processes are warm and then several times; what is reported is the median of those rounds.

export interface Load {
  readonly name: string;
  readonly unit: string;
  /** How many steps one round makes. */
  readonly steps: number;
  /** Plays one round and gives the figure in `unit`. */
  play(client: BenchClient): Promise<number>;
}

const CHAIN_LENGTH = 200;
const FAN_OUT_WIDTH = 1_000;
const RUNS = 1_000;
const RUN_STEPS = 5;
const RUNS_IN_FLIGHT = 64;
const SEQUENTIAL_RUNS = 300;
const WARM_UP_RUNS = 2_000;

async function succeed(client: BenchClient, target: string, values: readonly unknown[]): Promise<void> {
  const status = await client.finish(await client.submit(target, values));
  if (status !== "succeeded") throw new Error(`a run of ${target} ended as ${status}`);
}

async function timed(work: () => Promise<void>): Promise<number> {
  const before = performance.now();
  await work();
  return performance.now() - before;
}

export const chain: Load = {
  name: `chain of ${CHAIN_LENGTH} calls`,
  unit: "ms per step",
  steps: CHAIN_LENGTH + 1,
  play: async (client) => (await timed(() => succeed(client, "chain", [CHAIN_LENGTH]))) / CHAIN_LENGTH,
};

export const fanOut: Load = {
  name: `fan-out of ${FAN_OUT_WIDTH} calls`,
  unit: "steps per second",
  steps: FAN_OUT_WIDTH + 1,
  play: async (client) => (FAN_OUT_WIDTH * 1_000) / (await timed(() => succeed(client, "fanOut", [FAN_OUT_WIDTH]))),
};

export const manyRuns: Load = {
  name: `${RUNS} runs of ${RUN_STEPS} steps, ${RUNS_IN_FLIGHT} in flight`,
  unit: "steps per second",
  steps: RUNS * RUN_STEPS,
  play: async (client) => {
    let started = 0;
    const lane = async (): Promise<void> => {
      while (started < RUNS) {
        started += 1;
        await succeed(client, "chain", [RUN_STEPS - 1]);
      }
    };
    const ms = await timed(async () => void (await Promise.all(Array.from({ length: RUNS_IN_FLIGHT }, lane))));
    return (RUNS * RUN_STEPS * 1_000) / ms;
  },
};

/** Not a Load: what counts is each run, not the sum. Gives the latencies in milliseconds: of the first runs, and of as many once all is warm. */
export async function submitToResult(client: BenchClient): Promise<{ first: number[]; warm: number[] }> {
  const latencies: number[] = [];
  for (let index = 0; index < WARM_UP_RUNS + SEQUENTIAL_RUNS; index++) {
    latencies.push(await timed(() => succeed(client, "empty", [])));
  }
  return { first: latencies.slice(0, SEQUENTIAL_RUNS), warm: latencies.slice(-SEQUENTIAL_RUNS) };
}

export interface Played {
  /** The very first round, in which the server's code is not compiled yet. */
  readonly first: number;
  readonly figures: readonly number[];
  readonly cpuMsPerStep: CpuMs;
  /** Of all rounds together, the warm-up too. */
  readonly stepsPlayed: number;
}

/** A server runs for weeks: as many rounds as make WARM_UP_STEPS pass before those that count. */
const WARM_UP_STEPS = 10_000;

/** Rounds to warm up, then `rounds` that count. */
export async function playRounds(load: Load, client: BenchClient, pids: Pids, rounds: number): Promise<Played> {
  const first = await load.play(client);
  const warmUps = Math.ceil(WARM_UP_STEPS / load.steps);
  for (let round = 1; round < warmUps; round++) await load.play(client);
  const before = await cpuMsOf(pids);
  const figures: number[] = [];
  for (let round = 0; round < rounds; round++) figures.push(await load.play(client));
  const after = await cpuMsOf(pids);
  const perStep = (name: keyof CpuMs): number => (after[name] - before[name]) / (rounds * load.steps);
  const [server, orchestrator, gateway] = [perStep("server"), perStep("orchestrator"), perStep("gateway")];
  const [agent, executors] = [perStep("agent"), perStep("executors")];
  const cpuMsPerStep = { server, orchestrator, gateway, agent, executors };
  return { first, figures, cpuMsPerStep, stepsPlayed: (warmUps + rounds) * load.steps };
}
