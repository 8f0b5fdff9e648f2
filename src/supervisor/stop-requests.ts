import type { Scope } from "../process/scope.ts";
import { type ServerExitCode, serverExitCodes } from "../protocol/server-run.ts";

export interface Ending {
  readonly reason: string;
  readonly exit: ServerExitCode;
}

/** The first request stops the server in order, the second ends it at once. */
export interface StopRequests {
  readonly first: Promise<Ending>;
  readonly second: Promise<Ending>;
}

export function listenForSignals(scope: Scope): StopRequests {
  let count = 0;
  let onFirst = (_ending: Ending): void => undefined;
  let onSecond = (_ending: Ending): void => undefined;
  const first = new Promise<Ending>((done) => (onFirst = done));
  const second = new Promise<Ending>((done) => (onSecond = done));
  const receive = (signal: NodeJS.Signals): void => {
    count += 1;
    if (count === 1) onFirst({ reason: signal, exit: serverExitCodes.stopped });
    else onSecond({ reason: signal, exit: serverExitCodes.interrupted });
  };
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(signal, receive);
    scope.defer(signal, () => void process.off(signal, receive));
  }
  return { first, second };
}

/** Whoever runs the server says when to stop; a second word is not expected of them. */
export function listenForAbort(signal: AbortSignal): StopRequests {
  const ending: Ending = { reason: "it is not needed any more", exit: serverExitCodes.stopped };
  const first = new Promise<Ending>((done) => {
    if (signal.aborted) done(ending);
    else signal.addEventListener("abort", () => done(ending), { once: true });
  });
  return { first, second: new Promise(() => undefined) };
}
