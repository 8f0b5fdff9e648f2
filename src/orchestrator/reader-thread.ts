import { Worker } from "node:worker_threads";
import type { Cancel, Timers } from "../base/clock.ts";
import { failure } from "../base/result.ts";
import type { Log } from "../process/log.ts";
import type { ErrorCode } from "../protocol/error-codes.ts";
import type { FatalCode } from "../protocol/supervisor-messages.ts";
import { READER_HEAP_MB, READER_IDLE_MS, READER_SILENCE_MS, READS_WAITING } from "./limits.ts";
import type { FromReader, ReaderConfig, ToReader } from "./reader-messages.ts";
import type { Answered, Reader } from "./reader.ts";
import type { Query } from "./reading.ts";

// The reader in a thread of its own. It is started by the first query and ended when nobody has asked anything for a while and nobody subscribes;
// one that fails or hangs is ended too, and the next query starts another. Subscriptions then begin again with a whole value.

export interface ReaderThreadParts {
  /** The bundle of reader-worker.ts. */
  readonly file: URL;
  /** Of environment.db. */
  readonly path: string;
  readonly timers: Timers;
  readonly log: Log;
  readonly fatal: (code: FatalCode, message: string) => never;
}

export function createReaderThread({ file, path, timers, log, fatal }: ReaderThreadParts): Reader {
  const asked = new Map<number, (answered: Answered) => void>();
  const subscriptions = new Set<number>();
  let worker: Worker | null = null;
  let cancelTimer: Cancel = () => undefined;
  let lastId = 0;

  const start = (): Worker => {
    const workerData: ReaderConfig = { path };
    const started = new Worker(file, { workerData, resourceLimits: { maxOldGenerationSizeMb: READER_HEAP_MB } });
    started.on("message", (message: FromReader) => {
      if (started === worker) receive(message);
    });
    started.on("error", (error) => {
      if (started === worker) end("internal", `the reader's thread failed: ${error.message}`);
    });
    return started;
  };

  const receive = (message: FromReader): void => {
    if (message.kind === "fatal")
      return fatal(message.code, `the database failed while it was read: ${message.message}`);
    const settle = asked.get(message.id);
    asked.delete(message.id);
    watch();
    if (message.kind === "answer") return settle?.(message);
    log.error({ stack: message.stack }, "a bug: what was asked of the reader is not answered");
    settle?.(unanswered("internal", "a bug in the server met this read; the server's log has the details"));
  };

  /** One timer: for the next answer while there are questions, for the end of the thread while there are none. */
  const watch = (): void => {
    cancelTimer();
    if (asked.size > 0)
      cancelTimer = timers.after(READER_SILENCE_MS, () => end("overloaded", "the reader does not answer"));
    else if (subscriptions.size === 0)
      cancelTimer = timers.after(READER_IDLE_MS, () => end("overloaded", "the reader has ended"));
  };

  const end = (code: ErrorCode, reason: string): void => {
    cancelTimer();
    void worker?.terminate();
    worker = null;
    if (asked.size > 0) log.error({ code, waiting: asked.size }, reason);
    const waiting = [...asked.values()];
    asked.clear();
    for (const settle of waiting) settle(unanswered(code, reason));
  };

  return {
    ask(query) {
      if (asked.size >= READS_WAITING) {
        return Promise.resolve(unanswered("overloaded", `${READS_WAITING} reads wait already; try again later`));
      }
      noteSubscription(subscriptions, query);
      worker ??= start();
      lastId += 1;
      const message: ToReader = { id: lastId, query };
      worker.postMessage(message);
      return new Promise((resolve) => {
        asked.set(message.id, resolve);
        if (asked.size === 1) watch();
      });
    },
    async close() {
      const closing = worker;
      end("shutting_down", "the environment's process stops");
      await closing?.terminate();
    },
  };
}

function noteSubscription(subscriptions: Set<number>, query: Query): void {
  if (query.kind === "next-event") subscriptions.add(query.subscription);
  if (query.kind === "end-subscription") subscriptions.delete(query.subscription);
}

function unanswered(code: ErrorCode, message: string): Answered {
  return { result: failure({ code, message }), costMs: 0 };
}
