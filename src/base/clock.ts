/** Milliseconds since the Unix epoch (wall time) or since an arbitrary start (monotonic time). */
export type Ms = number;

/** Where time comes from. Processes get the real one from `process/real-clock.ts`, tests a virtual one. */
export interface Clock {
  /** Wall time: for what is stored and shown. May jump. */
  now(): Ms;
  /** Monotonic time: for leases, deadlines and silences. Never jumps. */
  monotonic(): Ms;
}

/** Cancels what it was given for; calling it twice changes nothing. */
export type Cancel = () => void;

/** Where waiting comes from. `after` accepts any delay; a far one is waited for in chunks. */
export interface Timers {
  after(delayMs: Ms, run: () => void): Cancel;
}
