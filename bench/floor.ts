import { once } from "node:events";
import type { AddressInfo } from "node:net";
import Database from "better-sqlite3";
import { WebSocket, WebSocketServer } from "ws";
import { median } from "./statistics.ts";
import { temporaryDirectory } from "../test/support/temporary.ts";

// The floor on this machine: the same rows in a bare better-sqlite3 loop with fsync on, and a bare WebSocket echo. No dispatch, no processes,
// no protocol: nothing that does our work can be faster.

export interface Floor {
  /** Two commits and four hops over a WebSocket for one step: what a chain cannot go below. */
  readonly chainMsPerStep: number;
  readonly commitMs: number;
  readonly echoMs: number;
  /** Steps per second when a hundred share a commit. */
  readonly groupedStepsPerSecond: number;
}

const COMMITS = 400;
const ECHOES = 2_000;
const GROUP = 100;
const GROUPS = 100;

export async function measureFloor(): Promise<Floor> {
  const temporary = await temporaryDirectory();
  try {
    const { commitMs, groupedStepsPerSecond } = measureCommits(`${temporary.path}/floor.db`);
    const echoMs = await measureEcho();
    return { commitMs, echoMs, groupedStepsPerSecond, chainMsPerStep: 2 * commitMs + 2 * echoMs };
  } finally {
    await temporary.remove();
  }
}

function measureCommits(path: string): { commitMs: number; groupedStepsPerSecond: number } {
  const db = new Database(path);
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.exec(`CREATE TABLE steps (run INTEGER, number INTEGER, arguments TEXT, PRIMARY KEY (run, number)) WITHOUT ROWID;
    CREATE TABLE executions (run INTEGER, step INTEGER, attempt INTEGER, status INTEGER, created INTEGER, assigned INTEGER, completed INTEGER,
      result TEXT, PRIMARY KEY (run, step, attempt)) WITHOUT ROWID;`);
  const insertStep = db.prepare("INSERT INTO steps VALUES (?, ?, ?)");
  const insertExecution = db.prepare("INSERT INTO executions VALUES (?, ?, 1, 1, ?, ?, NULL, NULL)");
  const complete = db.prepare(
    "UPDATE executions SET status = 2, completed = ?, result = ? WHERE run = ? AND step = ? AND attempt = 1",
  );
  let number = 0;
  const begin = (): void => {
    number += 1;
    insertStep.run(1, number, "[1]");
    insertExecution.run(1, number, number, number);
  };
  const commit = db.transaction((work: () => void) => work());
  const durations: number[] = [];
  for (let index = 0; index < COMMITS; index++) {
    const before = performance.now();
    commit.immediate(index % 2 === 0 ? begin : () => complete.run(number, "1", 1, number));
    durations.push(performance.now() - before);
  }
  const before = performance.now();
  for (let group = 0; group < GROUPS; group++) {
    const first = number + 1;
    commit.immediate(() => {
      for (let index = 0; index < GROUP; index++) begin();
    });
    commit.immediate(() => {
      for (let index = 0; index < GROUP; index++) complete.run(number, "1", 1, first + index);
    });
  }
  const groupedStepsPerSecond = (GROUP * GROUPS * 1_000) / (performance.now() - before);
  db.close();
  return { commitMs: median(durations), groupedStepsPerSecond };
}

async function measureEcho(): Promise<number> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
  await once(server, "listening");
  server.on("connection", (socket) => socket.on("message", (data) => socket.send(data)));
  const address = server.address() as AddressInfo; // A TCP server's address is one.
  const client = new WebSocket(`ws://127.0.0.1:${address.port}`, { perMessageDeflate: false });
  await once(client, "open");
  const message = Buffer.alloc(200, 1);
  const durations: number[] = [];
  for (let index = 0; index < ECHOES; index++) {
    const before = performance.now();
    const answer = once(client, "message");
    client.send(message);
    await answer;
    durations.push(performance.now() - before);
  }
  client.terminate();
  server.close();
  return median(durations);
}
