import type { Socket } from "node:net";
import { seededRandom } from "../../src/base/random.ts";
import { type Engine, createEngine } from "../../src/orchestrator/engine.ts";
import { type Orchestrator, createOrchestrator } from "../../src/orchestrator/orchestrator.ts";
import type { Reader } from "../../src/orchestrator/reader.ts";
import { createReading } from "../../src/orchestrator/reading.ts";
import type { Database } from "../../src/orchestrator/store/database.ts";
import { openDatabase, openReader } from "../../src/orchestrator/store/open.ts";
import type { Log } from "../../src/process/log.ts";
import { LEASE_MS } from "../../src/protocol/limits.ts";
import type { ChildMessage } from "../../src/protocol/supervisor-messages.ts";
import { socketPair } from "../support/socket-pair.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { type ScriptedGateway, scriptedGateway } from "../support/scripted-gateway.ts";
import { type VirtualTime, virtualTime } from "../support/virtual-time.ts";

/** A whole orchestrator but for its process, thread and socket: real database, real link, time that moves on demand. */
export interface OrchestratorRig {
  readonly time: VirtualTime;
  readonly database: Database;
  readonly orchestrator: Orchestrator;
  readonly engine: Engine;
  readonly activity: readonly ChildMessage[];
  /** Lines that were logged as warnings or errors. */
  readonly complaints: readonly string[];
  readonly fatal: readonly string[];
  /** How many transactions there have been. */
  batches(): number;
  gateway(): Promise<ScriptedGateway>;
  /** Forgets everything in memory, as a crash would, and starts on the same file. */
  restart(config?: { readonly isArchived: boolean }): void;
  close(): Promise<void>;
}

export async function startRig(): Promise<OrchestratorRig> {
  const temporary = await temporaryDirectory();
  const time = virtualTime();
  const random = seededRandom(1);
  const activity: ChildMessage[] = [];
  const complaints: string[] = [];
  const fatal: string[] = [];
  const log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: (_fields, message) => void complaints.push(message),
    error: (_fields, message) => void complaints.push(message),
    child: () => log,
  };

  let batches = 0;
  const counted = (engine: Engine): Engine => ({
    ...engine,
    execute(commands, now) {
      batches += 1;
      return engine.execute(commands, now);
    },
  });

  const start = (isArchived = false) => {
    const opened = openDatabase(temporary.path);
    if (!opened.ok) throw new Error(opened.error.message);
    const { database, epoch } = opened.value;
    const readerDatabase = openReader(database.path);
    let isAlive = true; // A process that was killed does nothing any more.
    const whileAlive = (run: () => void) => (): void => {
      if (isAlive) run();
    };
    const onBug = (error: unknown): void => void complaints.push(String(error));
    const engine = counted(createEngine({ database, random, onBug }));
    const orchestrator = createOrchestrator({
      database,
      epoch,
      engine,
      reader: inlineReader(readerDatabase, time),
      clock: time.clock,
      timers: { after: (delayMs, run) => time.timers.after(delayMs, whileAlive(run)) },
      log,
      endOfTurn: (run) => void setImmediate(whileAlive(run)),
      walBytes: () => 0,
      idleTimeoutMs: 0,
      leaseMs: LEASE_MS,
      isArchived,
      send: (message) => void activity.push(message),
      fatal: (code, message) => {
        fatal.push(code);
        throw new Error(`fatal: ${code} ${message}`);
      },
    });
    const stop = (): void => {
      isAlive = false;
      readerDatabase.close();
      opened.value.close();
    };
    return { database, engine, orchestrator, stop };
  };

  const sockets: Socket[] = [];
  let running = start();
  return {
    time,
    get database() {
      return running.database;
    },
    get orchestrator() {
      return running.orchestrator;
    },
    get engine() {
      return running.engine;
    },
    activity,
    complaints,
    fatal,
    batches: () => batches,
    async gateway() {
      const [ours, theirs] = await socketPair();
      sockets.push(ours);
      running.orchestrator.accept(theirs);
      return scriptedGateway(ours);
    },
    restart(config) {
      for (const socket of sockets.splice(0)) socket.destroy();
      running.stop();
      running = start(config?.isArchived);
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await running.orchestrator.drain();
      running.stop();
      await temporary.remove();
    },
  };
}

/** The reader without its thread: it answers in a later turn, like the real one. */
function inlineReader(database: Database, { clock }: VirtualTime): Reader {
  const answer = createReading(database, clock);
  return {
    ask: (query) => new Promise((resolve) => setImmediate(() => resolve({ result: answer(query), costMs: 0 }))),
    close: () => Promise.resolve(),
  };
}
