import { pino } from "pino";

/**
 * Structured lines for people and for programs that search them. Fields are ids, counts, durations and reasons: never a value, an argument, a
 * result or a secret of a user.
 */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** A log whose every line carries these fields too. */
  child(fields: object): Log;
}

const STDERR = 2;

/** What is kept for a disk that is full; more is dropped. */
const UNWRITTEN_LIMIT_BYTES = 1_048_576;

/**
 * One JSON object per line, written at once and synchronously, so that the last words of a dying process are not lost: to standard error
 * (which the supervisor has opened as the file of this child), or to another descriptor.
 */
export function createLog(fields: { readonly process: string }, descriptor = STDERR): Log {
  const destination = pino.destination({ fd: descriptor, sync: true, maxLength: UNWRITTEN_LIMIT_BYTES });
  destination.on("error", () => undefined); // The disk is full or the terminal has gone: a line less, not a process less.
  return pino(
    {
      level: "debug",
      base: { ...fields, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
}
