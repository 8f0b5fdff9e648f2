import type { Ms } from "../../base/clock.ts";
import { exhaustive } from "../../base/exhaustive.ts";
import { jitteredDelayMs } from "../../base/backoff.ts";
import type { Random } from "../../base/random.ts";
import { type RunView, isFinalRunStatus } from "../../protocol/views.ts";
import { POLL_MS, RECONNECT_FIRST_MS, RECONNECT_LIMIT_MS, UNREACHABLE_LIMIT_MS } from "../limits.ts";

// How a run is followed to its end, as a pure machine: events and the time in, effects out.
//
//   listening   the socket of its topic is open, or is being opened for the first time
//   away        the socket was lost: it is opened again, ever more seldom; until it tells something, the run is asked for from time to time
//   over        the run is final, or there is no use in going on
//
// What was asked while the socket was away may be answered when it is back: then only whether the run is over counts, for the topic has told of
// something newer.

export type FollowPhase =
  | { readonly kind: "listening" }
  /** `losses`: since the socket last told something. `listenAt` is null while it is being opened. */
  | { readonly kind: "away"; readonly losses: number; readonly listenAt: Ms | null }
  | { readonly kind: "over" };

export interface FollowState {
  readonly phase: FollowPhase;
  readonly asking:
    | { readonly kind: "no" }
    | { readonly kind: "under-way" }
    | { readonly kind: "next"; readonly at: Ms };
  /** The last that was seen of the run. */
  readonly view: RunView | null;
  /** When the server last said anything of it. */
  readonly heardAt: Ms;
}

export type FollowEvent =
  | { readonly kind: "begin" }
  /** The topic tells how the run looks. */
  | { readonly kind: "told"; readonly view: RunView }
  /** The socket is gone, or could not be opened. */
  | { readonly kind: "lost"; readonly reason: string }
  /** To what was asked. `view` is null where there is too much to say. */
  | { readonly kind: "answered"; readonly isOver: boolean; readonly view: RunView | null }
  | { readonly kind: "unanswered" }
  /** The server refuses, or nobody follows any more. */
  | { readonly kind: "stopped"; readonly error: Error }
  /** The time of `dueAt` has come. */
  | { readonly kind: "due" };

export type FollowEffect =
  /** Open the socket, and subscribe to the topic. */
  | { readonly kind: "listen" }
  /** Ask whether the run is over, and how it looks. */
  | { readonly kind: "ask" }
  | { readonly kind: "show"; readonly view: RunView }
  | { readonly kind: "end"; readonly view: RunView | null }
  | { readonly kind: "fail"; readonly error: Error }
  /** Nothing was heard for too long. */
  | { readonly kind: "give-up"; readonly reason: string };

export interface FollowMove {
  readonly state: FollowState;
  readonly effects: readonly FollowEffect[];
}

const notAsking = { kind: "no" } as const;
const isAsking = { kind: "under-way" } as const;

export function newFollowing(now: Ms): FollowState {
  return { phase: { kind: "listening" }, asking: notAsking, view: null, heardAt: now };
}

/** When the next `due` is to be told; null: only events move it. */
export function dueAt({ phase, asking }: FollowState): Ms | null {
  if (phase.kind !== "away") return null;
  const askAt = asking.kind === "next" ? asking.at : Infinity;
  const at = Math.min(phase.listenAt ?? Infinity, askAt);
  return at === Infinity ? null : at;
}

export function moveFollowing(state: FollowState, event: FollowEvent, now: Ms, random: Random): FollowMove {
  if (state.phase.kind === "over") return { state, effects: [] };
  switch (event.kind) {
    case "begin":
      return { state, effects: [{ kind: "listen" }] };
    case "told":
      return told(state, event.view, now);
    case "lost":
      return lost(state, event.reason, now, random);
    case "answered":
      return answered(state, event.isOver, event.view, now);
    case "unanswered":
      return { state: { ...state, asking: askingAfter(state, now) }, effects: [] };
    case "stopped":
      return over(state, { kind: "fail", error: event.error });
    case "due":
      return due(state, now);
    default:
      return exhaustive(event);
  }
}

function told(state: FollowState, view: RunView, now: Ms): FollowMove {
  const asking = state.asking.kind === "next" ? notAsking : state.asking;
  return seen({ ...state, phase: { kind: "listening" }, asking, heardAt: now }, view);
}

function lost(state: FollowState, reason: string, now: Ms, random: Random): FollowMove {
  if (now - state.heardAt > UNREACHABLE_LIMIT_MS) return over(state, { kind: "give-up", reason });
  const before = state.phase.kind === "away" ? state.phase.losses : 0;
  const listenAt = now + jitteredDelayMs(RECONNECT_FIRST_MS, RECONNECT_LIMIT_MS, before, random);
  const away: FollowState = { ...state, phase: { kind: "away", losses: before + 1, listenAt } };
  if (state.asking.kind !== "no") return { state: away, effects: [] };
  return { state: { ...away, asking: isAsking }, effects: [{ kind: "ask" }] };
}

function answered(state: FollowState, isOver: boolean, view: RunView | null, now: Ms): FollowMove {
  const heard: FollowState = { ...state, asking: askingAfter(state, now), heardAt: now };
  const move = view !== null && state.phase.kind === "away" ? seen(heard, view) : { state: heard, effects: [] };
  if (!isOver || move.state.phase.kind === "over") return move;
  const end = over(move.state, { kind: "end", view: move.state.view });
  return { state: end.state, effects: [...move.effects, ...end.effects] };
}

function due(state: FollowState, now: Ms): FollowMove {
  const { phase, asking } = state;
  const isTimeToListen = phase.kind === "away" && phase.listenAt !== null && phase.listenAt <= now;
  const isTimeToAsk = asking.kind === "next" && asking.at <= now;
  const effects: FollowEffect[] = [];
  if (isTimeToListen) effects.push({ kind: "listen" });
  if (isTimeToAsk) effects.push({ kind: "ask" });
  return {
    state: {
      ...state,
      phase: isTimeToListen ? { ...phase, listenAt: null } : phase,
      asking: isTimeToAsk ? isAsking : asking,
    },
    effects,
  };
}

function seen(state: FollowState, view: RunView): FollowMove {
  const show: FollowEffect = { kind: "show", view };
  const next: FollowState = { ...state, view };
  if (!isFinalRunStatus(view.status)) return { state: next, effects: [show] };
  const end = over(next, { kind: "end", view });
  return { state: end.state, effects: [show, ...end.effects] };
}

function over(state: FollowState, effect: FollowEffect): FollowMove {
  return { state: { ...state, phase: { kind: "over" } }, effects: [effect] };
}

/** What was asked has come back. */
function askingAfter({ phase }: FollowState, now: Ms): FollowState["asking"] {
  return phase.kind === "away" ? { kind: "next", at: now + POLL_MS } : notAsking;
}
