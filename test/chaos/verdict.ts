import type { RunListView, RunView } from "../../src/protocol/views.ts";
import { type Cluster, insist, neighbour, struck } from "./cluster.ts";
import { type Acknowledged, STEPS_PER_RUN, afterQuiet, resultOf } from "./load.ts";
import { NEIGHBOURS_VALUE } from "./neighbour.ts";

// What must be true once the faults have stopped and all is quiet again. Each finding is a sentence; none is what we want.

const EXPECTED_VALUE = (STEPS_PER_RUN * (STEPS_PER_RUN - 1)) / 2;
const isFinal = (status: string): boolean => status !== "queued" && status !== "assigned";

export async function findWrongs(
  cluster: Cluster,
  acknowledged: readonly Acknowledged[],
  startedExecutions: readonly string[],
  nextDoor: readonly string[],
): Promise<string[]> {
  const isGivenUp = afterQuiet();
  return [
    ...startedTwice(startedExecutions),
    ...(await unfinished(cluster)),
    ...(await unasked(cluster, acknowledged)),
    ...(await Promise.all(acknowledged.map((entry) => wrongsOf(cluster, entry, isGivenUp)))).flat(),
    ...(await Promise.all(nextDoor.map((run) => wrongsNextDoor(cluster, run, isGivenUp)))).flat(),
  ];
}

function startedTwice(executions: readonly string[]): string[] {
  const seen = new Set<string>();
  const twice = executions.filter((id) => seen.size === seen.add(id).size);
  return twice.map((id) => `execution ${id} started twice`);
}

async function unfinished(cluster: Cluster): Promise<string[]> {
  const pages = await Promise.all(
    ["queued", "running"].map((status) =>
      insist<RunListView>(cluster, "GET", struck, `/runs?status=${status}&limit=100`),
    ),
  );
  return pages.flatMap(({ runs }) => runs.map(({ id, status }) => `run ${id} is still ${status}`));
}

/** Each submission has a key and is repeated until it is acknowledged: a run that nobody was told of was started by a key that did not hold. */
async function unasked(cluster: Cluster, acknowledged: readonly Acknowledged[]): Promise<string[]> {
  const known = new Set(acknowledged.map(({ run }) => run));
  const strangers: string[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const from: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const page: RunListView = await insist<RunListView>(cluster, "GET", struck, `/runs?limit=100${from}`);
    strangers.push(...page.runs.map(({ id }) => id).filter((id) => !known.has(id)));
    cursor = page.cursor;
  }
  return strangers.map((id) => `run ${id} was started besides those that were acknowledged`);
}

async function wrongsOf(cluster: Cluster, { run, result }: Acknowledged, isGivenUp: () => boolean): Promise<string[]> {
  const now = await resultOf(cluster, run, struck, isGivenUp);
  const view = await insist<RunView>(cluster, "GET", struck, `/runs/${run}`);
  const wrongs: string[] = [];
  if (JSON.stringify(now) !== JSON.stringify(result))
    wrongs.push(`run ${run} was told as ${JSON.stringify(result)} and is ${JSON.stringify(now)}`);
  if (now["status"] !== "succeeded" || now["value"] !== EXPECTED_VALUE)
    wrongs.push(`run ${run} ended as ${JSON.stringify(now)}`);
  for (const { id, status } of view.steps.flatMap(({ executions }) => executions)) {
    if (!isFinal(status)) wrongs.push(`execution ${id} is still ${status}`);
  }
  return wrongs;
}

async function wrongsNextDoor(cluster: Cluster, run: string, isGivenUp: () => boolean): Promise<string[]> {
  const result = await resultOf(cluster, run, neighbour, isGivenUp);
  return result["value"] === NEIGHBOURS_VALUE ? [] : [`next door: run ${run} ended as ${JSON.stringify(result)}`];
}
