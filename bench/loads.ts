import type { BenchClient } from "./client.ts";
import { type Pids, serverCpuMs } from "./processes.ts";

// The loads. Each is played once to warm up and then several times; what is reported is the median of the rounds.

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

/** Not a Load: what counts is each run, not the sum. Gives the latency of every run in milliseconds. */
export async function submitToResult(client: BenchClient): Promise<number[]> {
  const latencies: number[] = [];
  for (let index = 0; index < SEQUENTIAL_RUNS; index++) latencies.push(await timed(() => succeed(client, "empty", [])));
  return latencies;
}

export interface Played {
  readonly figures: readonly number[];
  readonly serverCpuMsPerStep: number;
}

/** One round to warm up, then `rounds` that count. */
export async function playRounds(load: Load, client: BenchClient, pids: Pids, rounds: number): Promise<Played> {
  await load.play(client);
  const before = await serverCpuMs(pids);
  const figures: number[] = [];
  for (let round = 0; round < rounds; round++) figures.push(await load.play(client));
  const cpuMs = (await serverCpuMs(pids)) - before;
  return { figures, serverCpuMsPerStep: cpuMs / (rounds * load.steps) };
}
