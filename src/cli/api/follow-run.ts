import type { Cancel, Clock, Timers } from "../../base/clock.ts";
import { exhaustive } from "../../base/exhaustive.ts";
import type { Random } from "../../base/random.ts";
import { topicName } from "../../protocol/topics.ts";
import type { RunView } from "../../protocol/views.ts";
import { CommandError, refusedError } from "../command-error.ts";
import { exitCodes } from "../exit-codes.ts";
import { UNREACHABLE_LIMIT_MS } from "../limits.ts";
import type { Api } from "./api.ts";
import { type FollowEffect, type FollowEvent, dueAt, moveFollowing, newFollowing } from "./following.ts";
import { type Topics, openTopics } from "./topic-socket.ts";

export interface FollowParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** Ends the following; the promise then rejects. */
  readonly signal: AbortSignal;
  onRun(run: RunView): void;
}

/**
 * Tells the changes of a run until it is final, and resolves with the last view of it, null if it was never seen. It listens to the run's
 * topic; while that socket is away (the environment restarts, the network breaks) it opens it again and asks from time to time instead. Rejects
 * when the run is not known, or when nothing was heard for longer than `UNREACHABLE_LIMIT_MS`. What is done when: following.ts.
 */
export async function followRun(api: Api, run: string, parts: FollowParts): Promise<RunView | null> {
  const { clock, timers, random, signal } = parts;
  return await new Promise((resolve, reject) => {
    const asking = new AbortController();
    let state = newFollowing(clock.monotonic());
    let topics: Topics | null = null;
    let cancelTimer: Cancel = () => undefined;

    const take = (event: FollowEvent): void => {
      const now = clock.monotonic();
      const move = moveFollowing(state, event, now, random);
      state = move.state;
      cancelTimer();
      const at = dueAt(state);
      cancelTimer = at === null ? () => undefined : timers.after(at - now, () => take({ kind: "due" }));
      for (const effect of move.effects) perform(effect);
    };

    const perform = (effect: FollowEffect): void => {
      switch (effect.kind) {
        case "listen":
          return listen();
        case "ask":
          return void ask(api, run, asking.signal).then(take);
        case "show":
          return parts.onRun(effect.view);
        case "end":
          close();
          return resolve(effect.view);
        case "fail":
          close();
          return reject(effect.error);
        case "give-up":
          close();
          return reject(unreachable(api, run, effect.reason));
        default:
          return exhaustive(effect);
      }
    };

    const listen = (): void => {
      topics = openTopics(api.place, (reason) => take({ kind: "lost", reason }));
      topics.subscribe(topicName({ kind: "run", run }), {
        // The topic's value is this view: both sides take the type from protocol/views.ts.
        onValue: (value) => take({ kind: "told", view: value as RunView }),
        onRefused: (failure) => take({ kind: "stopped", error: refusedError(failure) }),
      });
    };

    const close = (): void => {
      signal.removeEventListener("abort", onAbort);
      asking.abort();
      topics?.close();
    };

    const onAbort = (): void => take({ kind: "stopped", error: new Error("nobody follows any more") });
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    take({ kind: "begin" });
  });
}

/** Whether it is over, which is quickly said, then how it looks, which may be too much to say. */
async function ask(api: Api, run: string, signal: AbortSignal): Promise<FollowEvent> {
  try {
    const { status } = await api.call("get-result", { run }, { signal });
    const view = await api.call("get-run", { run }, { signal }).catch(() => null);
    return { kind: "answered", isOver: status !== "pending", view };
  } catch (error) {
    const isRefused = error instanceof CommandError && error.exitCode !== exitCodes.unreachable;
    return isRefused ? { kind: "stopped", error } : { kind: "unanswered" };
  }
}

function unreachable(api: Api, run: string, reason: string): CommandError {
  const { url, project, environment } = api.place;
  return new CommandError({
    code: "server_unreachable",
    exitCode: exitCodes.unreachable,
    message: `nothing was heard of run ${run} from ${url} for ${UNREACHABLE_LIMIT_MS / 60_000} minutes: ${reason}`,
    hint: `the run goes on when the server is back: \`coflux runs watch ${run} -p ${project} -e ${environment}\``,
  });
}
