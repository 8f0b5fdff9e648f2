import type { Cancel, Clock, Ms, Timers } from "../base/clock.ts";
import { errorText } from "../base/error-text.ts";
import type { Log } from "../process/log.ts";
import type { FatalCode } from "../protocol/supervisor-messages.ts";
import { CHECKPOINT_PASSIVE_MS, CHECKPOINT_TRUNCATE_MS, WAL_ALARM_BYTES, WAL_LOOK_MS } from "./limits.ts";
import type { Database } from "./store/database.ts";
import { storageFault } from "./store/sqlite-errors.ts";

// Keeps the write-ahead log short. What is in it is safe, but a log that is damaged ends early without an error, and a long one makes the next
// start slow. Under load SQLite moves it into the file by itself, every 1,000 pages; this is for the quiet times after.
//
//   clean     nothing was committed since the log was emptied
//   written   a commit: after CHECKPOINT_PASSIVE_MS of quiet the log is moved into the file
//   moved     after CHECKPOINT_TRUNCATE_MS more of quiet it is emptied

export interface Checkpoints {
  /** Something was committed. */
  touch(): void;
  stop(): void;
}

export interface CheckpointsParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** Size of the log, found without opening it. */
  readonly walBytes: () => number;
  readonly fatal: (code: FatalCode, message: string) => never;
}

export function createCheckpoints(parts: CheckpointsParts): Checkpoints {
  const { database, clock, timers, log, walBytes, fatal } = parts;
  let state: "clean" | "written" | "moved" = "clean";
  let lastCommitAt: Ms = 0;
  let lastLookAt: Ms = clock.monotonic();
  let cancel: Cancel = () => undefined;

  /** Waits until nothing was committed for so long; commits meanwhile cost no timer each. */
  const afterQuiet = (quietMs: Ms, run: () => void): void => {
    cancel = timers.after(lastCommitAt + quietMs - clock.monotonic(), () => {
      if (clock.monotonic() - lastCommitAt < quietMs) afterQuiet(quietMs, run);
      else run();
    });
  };

  const move = (): void => {
    checkpoint("passive");
    state = "moved";
    afterQuiet(CHECKPOINT_TRUNCATE_MS, empty);
  };

  const empty = (): void => {
    checkpoint("truncate");
    state = "clean";
  };

  const checkpoint = (mode: "passive" | "truncate"): void => {
    try {
      database.checkpoint(mode);
    } catch (error) {
      const fault = storageFault(error);
      const reason = errorText(error);
      if (fault === undefined) throw error;
      if (fault.kind === "fatal") fatal(fault.code, `the database failed at a checkpoint: ${reason}`);
      log.warn({ mode, reason }, "the checkpoint is left for later");
    }
  };

  const lookAtSize = (now: Ms): void => {
    lastLookAt = now;
    const bytes = walBytes();
    if (bytes > WAL_ALARM_BYTES) {
      log.warn(
        { bytes },
        "the write-ahead log is large: another program that reads the database keeps it from shrinking",
      );
    }
  };

  return {
    touch() {
      lastCommitAt = clock.monotonic();
      if (lastCommitAt - lastLookAt > WAL_LOOK_MS) lookAtSize(lastCommitAt);
      if (state === "written") return;
      state = "written";
      cancel();
      afterQuiet(CHECKPOINT_PASSIVE_MS, move);
    },
    stop: () => cancel(),
  };
}
