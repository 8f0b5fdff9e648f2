import type { Ms } from "../base/clock.ts";
import { exhaustive } from "../base/exhaustive.ts";
import type { Random } from "../base/random.ts";
import type { FatalCode } from "../protocol/supervisor-messages.ts";
import type { Limits } from "./limits.ts";
import { type RestartHistory, decideRestart, noHistory } from "./restart-policy.ts";

// The life of one child as a pure state machine: events in, the next state and what to do out. All times are monotonic.
//
//   stopped -> starting -> ready -> stopping -> stopped
//                  |         |         |
//                  +---------+---------+-> (the process ends) -> starting | backoff -> starting | quarantined

export type ChildPhase =
  | { readonly kind: "stopped" }
  /** `startedAt` is null while the start waits for its turn. */
  | { readonly kind: "starting"; readonly startedAt: Ms | null; readonly giveUpAt: Ms | null }
  | { readonly kind: "ready"; readonly since: Ms; readonly epoch: number | null }
  | {
      readonly kind: "stopping";
      readonly next: AfterStop;
      /** How long it had been ready before; null when it never was. */
      readonly readyMs: Ms | null;
      readonly stage: "draining" | "terminated" | "killed";
      /** When the next harder means is due; null after the last. */
      readonly escalateAt: Ms | null;
      readonly terminateMs: Ms;
    }
  | { readonly kind: "backoff"; readonly endsAt: Ms }
  | { readonly kind: "quarantined"; readonly reason: string; readonly fatal: FatalCode | null };

/** What follows a stop: nothing, a new process, or whatever the restart policy says about a process that ended badly. */
export type AfterStop = "stay" | "start" | "ask-policy";

export interface ChildState {
  readonly phase: ChildPhase;
  readonly history: RestartHistory;
  /** Processes that took the place of an earlier one. */
  readonly restarts: number;
  /** Why the process under way was made to end; null while it was not. */
  readonly endedFor: string | null;
}

export type ChildEvent =
  /** Somebody needs it: starts a stopped one, changes nothing otherwise. */
  | { readonly kind: "start" }
  /** A new process is wanted: lifts back-off and quarantine. */
  | { readonly kind: "restart"; readonly why: string }
  | { readonly kind: "stop"; readonly why: string; readonly withinMs: Ms; readonly terminateMs: Ms }
  /** It uses more than it may: a new process, but not faster than the policy allows. */
  | { readonly kind: "recycle"; readonly why: string }
  | { readonly kind: "kill"; readonly why: string }
  | { readonly kind: "spawned" }
  | { readonly kind: "progress" }
  | { readonly kind: "ready"; readonly epoch: number | null }
  | { readonly kind: "exited"; readonly fatal: FatalCode | null; readonly isOwnFault: boolean }
  /** A moment that `dueAt` named has come. */
  | { readonly kind: "due" };

/** `cancel-spawn` takes back a start that has not had its turn. */
export type ChildAction =
  | { readonly kind: "spawn" }
  | { readonly kind: "cancel-spawn" }
  | { readonly kind: "drain"; readonly withinMs: Ms }
  | { readonly kind: "terminate" }
  | { readonly kind: "kill" };

export interface ChildMove {
  readonly state: ChildState;
  readonly actions: readonly ChildAction[];
}

export const newChild: ChildState = { phase: { kind: "stopped" }, history: noHistory, restarts: 0, endedFor: null };

/** Whether there is a process. */
export function isAlive({ phase }: ChildState): boolean {
  return phase.kind === "ready" || phase.kind === "stopping" || (phase.kind === "starting" && phase.startedAt !== null);
}

/** Whether nothing is under way: it stays as it is until somebody asks for something, or its process ends. */
export function isSettled({ phase }: ChildState): boolean {
  return phase.kind === "ready" || phase.kind === "stopped" || phase.kind === "quarantined";
}

/** When the machine wants to be told that time has passed. */
export function dueAt({ phase }: ChildState): Ms | null {
  switch (phase.kind) {
    case "starting":
      return phase.giveUpAt;
    case "stopping":
      return phase.escalateAt;
    case "backoff":
      return phase.endsAt;
    case "stopped":
    case "ready":
    case "quarantined":
      return null;
    default:
      return exhaustive(phase);
  }
}

export function moveChild(state: ChildState, event: ChildEvent, now: Ms, limits: Limits, random: Random): ChildMove {
  const { phase } = state;
  switch (event.kind) {
    case "start":
      if (phase.kind === "stopped") return starting(state);
      return phase.kind === "stopping" && phase.next === "stay"
        ? moved(state, { ...phase, next: "start" })
        : still(state);
    case "restart":
      return restart({ ...state, history: noHistory }, event.why, now, limits);
    case "stop":
      return stop(state, { ...event, next: "stay" }, now);
    case "recycle":
      if (phase.kind !== "ready") return still(state);
      return stop(
        state,
        { why: event.why, withinMs: limits.drainMs, terminateMs: limits.terminateMs, next: "ask-policy" },
        now,
      );
    case "kill":
      return isAlive(state) ? kill(state, event.why, now) : still(state);
    case "spawned":
      if (phase.kind !== "starting") return still(state);
      return moved(state, { kind: "starting", startedAt: now, giveUpAt: now + limits.startMs });
    case "progress":
      return progress(state, now, limits);
    case "ready":
      if (phase.kind !== "starting") return still(state); // Too late: it is being stopped.
      return moved(state, { kind: "ready", since: now, epoch: event.epoch });
    case "exited":
      return exited(state, event, now, limits, random);
    case "due":
      return due(state, now, limits);
    default:
      return exhaustive(event);
  }
}

function starting(state: ChildState): ChildMove {
  const phase = { kind: "starting", startedAt: null, giveUpAt: null } as const;
  return { state: { ...state, phase, endedFor: null }, actions: [{ kind: "spawn" }] };
}

function startingAgain(state: ChildState): ChildMove {
  return starting({ ...state, restarts: state.restarts + 1 });
}

function restart(state: ChildState, why: string, now: Ms, limits: Limits): ChildMove {
  const { phase } = state;
  switch (phase.kind) {
    case "stopped":
      return starting(state);
    case "backoff":
    case "quarantined":
      return startingAgain(state);
    case "starting":
      if (phase.startedAt === null) return still(state);
      break;
    case "ready":
    case "stopping":
      break;
    default:
      return exhaustive(phase);
  }
  return stop(state, { why, withinMs: limits.drainMs, terminateMs: limits.terminateMs, next: "start" }, now);
}

interface Stop {
  readonly why: string;
  readonly withinMs: Ms;
  readonly terminateMs: Ms;
  readonly next: AfterStop;
}

function stop(state: ChildState, { why, withinMs, terminateMs, next }: Stop, now: Ms): ChildMove {
  const { phase } = state;
  switch (phase.kind) {
    case "stopped":
    case "quarantined":
      return still(state);
    case "backoff":
      return moved(state, { kind: "stopped" });
    case "starting":
      if (phase.startedAt === null) return moved(state, { kind: "stopped" }, { kind: "cancel-spawn" });
      break;
    case "ready":
      break;
    case "stopping": {
      // On its way already: only what follows changes, and it may have to hurry.
      const escalateAt = phase.escalateAt === null ? null : Math.min(phase.escalateAt, now + withinMs);
      return moved(state, { ...phase, next, escalateAt, terminateMs: Math.min(phase.terminateMs, terminateMs) });
    }
    default:
      return exhaustive(phase);
  }
  const stopping = {
    next,
    readyMs: readyMs(phase, now),
    stage: "draining",
    escalateAt: now + withinMs,
    terminateMs,
  } as const;
  return {
    state: { ...state, endedFor: why, phase: { kind: "stopping", ...stopping } },
    actions: [{ kind: "drain", withinMs }],
  };
}

function kill(state: ChildState, why: string, now: Ms): ChildMove {
  const { phase } = state;
  const next = phase.kind === "stopping" ? phase.next : "ask-policy";
  const ready = phase.kind === "stopping" ? phase.readyMs : readyMs(phase, now);
  return {
    state: {
      ...state,
      endedFor: state.endedFor ?? why,
      phase: { kind: "stopping", next, readyMs: ready, stage: "killed", escalateAt: null, terminateMs: 0 },
    },
    actions: [{ kind: "kill" }],
  };
}

function progress(state: ChildState, now: Ms, limits: Limits): ChildMove {
  const { phase } = state;
  if (phase.kind !== "starting" || phase.startedAt === null) return still(state);
  const giveUpAt = Math.min(now + limits.startMs, phase.startedAt + limits.startWithProgressMs);
  return moved(state, { ...phase, giveUpAt });
}

function exited(
  state: ChildState,
  { fatal, isOwnFault }: Extract<ChildEvent, { kind: "exited" }>,
  now: Ms,
  limits: Limits,
  random: Random,
): ChildMove {
  const { phase } = state;
  if (phase.kind === "stopping" && phase.next === "stay") return moved(state, { kind: "stopped" });
  if (phase.kind === "stopping" && phase.next === "start") return startingAgain(state);

  const end = { readyMs: phase.kind === "stopping" ? phase.readyMs : readyMs(phase, now), fatal, isOwnFault };
  const { history, decision } = decideRestart(state.history, end, now, limits, random);
  const next = { ...state, history };
  if (decision.kind === "quarantine") {
    return moved(next, { kind: "quarantined", reason: decision.reason, fatal: decision.fatal });
  }
  return decision.delayMs === 0
    ? startingAgain(next)
    : moved(next, { kind: "backoff", endsAt: now + decision.delayMs });
}

function due(state: ChildState, now: Ms, limits: Limits): ChildMove {
  const at = dueAt(state);
  if (at === null || now < at) return still(state);
  const { phase } = state;
  switch (phase.kind) {
    case "starting":
      return kill(state, `it was not ready in time (${limits.startMs / 1_000} s without progress)`, now);
    case "backoff":
      return startingAgain(state);
    case "stopping":
      if (phase.stage !== "draining") return kill(state, "it did not end on SIGTERM", now);
      return moved(
        state,
        { ...phase, stage: "terminated", escalateAt: now + phase.terminateMs },
        { kind: "terminate" },
      );
    case "stopped":
    case "ready":
    case "quarantined":
      return still(state);
    default:
      return exhaustive(phase);
  }
}

function readyMs(phase: ChildPhase, now: Ms): Ms | null {
  return phase.kind === "ready" ? now - phase.since : null;
}

function moved(state: ChildState, phase: ChildPhase, ...actions: readonly ChildAction[]): ChildMove {
  return { state: { ...state, phase }, actions };
}

function still(state: ChildState): ChildMove {
  return { state, actions: [] };
}
