// What only the orchestrator must know. Limits that both ends of a channel must agree on stand in protocol/limits.ts.

/** Bounds of one environment; tests and benchmarks set others. */
export interface Limits {
  /** Most steps of one run. A run is shown and cancelled as a whole, and that must stay a matter of some hundred milliseconds. */
  readonly stepsPerRun: number;
  /** Deepest chain of workflows that call workflows, in runs. Endless recursion ends here. */
  readonly runDepth: number;
  /** Most executions that wait for an agent or for their time before runs from outside are turned away. */
  readonly queueLength: number;
  /** Most waiting executions of one session before it gets only what others wait for: each keeps its code's memory in an executor. */
  readonly waitingPerSession: number;
  /** Most executions that one batch hands to agents, brings from their delay into the queue, or times out: the next batch goes on. */
  readonly executionsPerTurn: number;
  /** Most log lines that are kept of one execution. */
  readonly logsPerExecution: number;
}

export const defaultLimits: Limits = {
  stepsPerRun: 100_000,
  runDepth: 100,
  queueLength: 100_000,
  waitingPerSession: 10_000,
  executionsPerTurn: 1_000,
  logsPerExecution: 100_000,
};
