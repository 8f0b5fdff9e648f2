// The thread that answers what people look at, from its own read-only connection: a browser tab cannot slow execution down.
import { parentPort, workerData } from "node:worker_threads";
import { realClock } from "../process/real-clock.ts";
import type { FromReader, ReaderConfig, ToReader } from "./reader-messages.ts";
import { createReading } from "./reading.ts";
import type { Database } from "./store/database.ts";
import { openReader } from "./store/open.ts";
import { storageFault } from "./store/sqlite-errors.ts";

const { path } = workerData as ReaderConfig; // Set by reader-thread.ts, of the same build.
const answer = createReading(open(), realClock);

/** An error of SQLite crosses the boundary of a thread without its text; a plain one keeps it. */
function open(): Database {
  try {
    return openReader(path);
  } catch (error) {
    throw new Error(error instanceof Error ? codeOf(error) + error.message : String(error));
  }
}

function reply(message: FromReader, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

parentPort?.on("message", ({ id, query }: ToReader) => {
  const begin = realClock.monotonic();
  try {
    const result = answer(query);
    const json = result.ok ? (result.value.json ?? []) : [];
    const transferred = json.map(({ buffer }) => buffer);
    reply({ kind: "answer", id, result, costMs: realClock.monotonic() - begin }, transferred);
  } catch (error) {
    const fault = storageFault(error);
    const stack = error instanceof Error ? codeOf(error) + (error.stack ?? error.message) : String(error);
    if (fault?.kind === "fatal") reply({ kind: "fatal", code: fault.code, message: stack });
    else reply({ kind: "bug", id, stack });
  }
});

/** `SQLITE_CANTOPEN: `, to stand before the text of the error that has it. */
function codeOf(error: Error): string {
  return "code" in error ? `${String(error.code)}: ` : "";
}
