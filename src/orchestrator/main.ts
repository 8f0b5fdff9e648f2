// The orchestrator of one environment: a process of its own with a database of its own, started by the supervisor.
import { chmodSync, rmSync, statSync } from "node:fs";
import { type Server, createServer } from "node:net";
import { errorStack } from "../base/error-text.ts";
import { runChild } from "../process/child-entry.ts";
import type { ChildContext, RunningChild } from "../process/child-entry.ts";
import { installedSqliteFault } from "../process/sqlite-runtime.ts";
import { type OrchestratorConfig, orchestratorConfig } from "../protocol/supervisor-messages.ts";
import type { OnBug } from "./batch.ts";
import { createEngine } from "./engine.ts";
import { type Orchestrator, createOrchestrator } from "./orchestrator.ts";
import { createReaderThread } from "./reader-thread.ts";
import { openDatabase } from "./store/open.ts";

/** The bundle of reader-worker.ts lies beside that of this file. */
const readerFile = new URL("./reader-worker.js", import.meta.url);

await runChild({ name: "orchestrator", config: orchestratorConfig, start });

async function start(context: ChildContext<OrchestratorConfig>): Promise<RunningChild> {
  const { config, clock, timers, random } = context;
  const log = context.log.child({ project: config.project, environment: config.environment });
  const fatal: ChildContext<OrchestratorConfig>["fatal"] = (code, message) => context.fatal(code, message);
  const unfit = installedSqliteFault();
  if (unfit !== undefined) return fatal("storage_failed", unfit);
  const opened = openDatabase(config.directory, {
    onProgress: (phase, percent) => context.send({ kind: "progress", phase, percent }),
  });
  if (!opened.ok) return fatal(opened.error.code, opened.error.message);
  const { database, epoch } = opened.value;
  const onBug: OnBug = (error, during) =>
    log.error({ during, stack: errorStack(error) }, "a bug: the command was undone");
  const orchestrator = createOrchestrator({
    database,
    epoch,
    engine: createEngine({ database, random, onBug }),
    reader: createReaderThread({ file: readerFile, path: database.path, timers, log, fatal }),
    clock,
    timers,
    log,
    endOfTurn: setImmediate,
    walBytes: () => sizeOf(`${database.path}-wal`),
    idleTimeoutMs: config.idleTimeoutMs,
    leaseMs: config.leaseMs,
    isArchived: config.isArchived,
    send: (message) => context.send(message),
    fatal,
  });
  await orchestrator.settled;
  const server = await listen(config.socketPath, orchestrator);
  return {
    epoch,
    async drain() {
      server.close();
      await orchestrator.drain();
      opened.value.close();
    },
  };
}

/** Only this user may connect: the socket is made in a directory of its own user, and closed to others at once. */
function listen(path: string, orchestrator: Orchestrator): Promise<Server> {
  rmSync(path, { force: true }); // Left by a predecessor that was killed; the lock of the database says that it is gone.
  const server = createServer((socket) => orchestrator.accept(socket));
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      chmodSync(path, 0o600);
      resolve(server);
    });
  });
}

/** By its directory entry alone: opening a file of the database here would drop SQLite's locks on it. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
