import type { Clock } from "../base/clock.ts";
import type { Log } from "../process/log.ts";

/** A log that says everything to several. */
export function allOf(...logs: readonly Log[]): Log {
  return {
    debug: (fields, message) => logs.forEach((log) => log.debug(fields, message)),
    info: (fields, message) => logs.forEach((log) => log.info(fields, message)),
    warn: (fields, message) => logs.forEach((log) => log.warn(fields, message)),
    error: (fields, message) => logs.forEach((log) => log.error(fields, message)),
    child: (fields) => allOf(...logs.map((log) => log.child(fields))),
  };
}

/** What a person at the terminal sees of the server: the messages that matter, without their fields. Those are in the log file. */
export function terminalLog(write: (line: string) => void, clock: Clock, leastLevel: "info" | "warn"): Log {
  const say = (level: string, message: string): void => {
    write(`${timeOf(new Date(clock.now()))} ${level === "" ? "" : `${level}: `}${message}\n`);
  };
  const log: Log = {
    debug: () => undefined,
    info: (_fields, message) => {
      if (leastLevel === "info") say("", message);
    },
    warn: (_fields, message) => say("warning", message),
    error: (_fields, message) => say("error", message),
    child: () => log,
  };
  return log;
}

function timeOf(date: Date): string {
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}
