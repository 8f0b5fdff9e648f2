import type { Cancel, Clock, Timers } from "../../base/clock.ts";
import { jitteredDelayMs } from "../../base/backoff.ts";
import type { Random } from "../../base/random.ts";
import { topicName } from "../../protocol/topics.ts";
import { type RunView, isFinalRunStatus } from "../../protocol/views.ts";
import { CommandError, refusedError } from "../command-error.ts";
import { exitCodes } from "../exit-codes.ts";
import { POLL_MS, RECONNECT_FIRST_MS, RECONNECT_LIMIT_MS, UNREACHABLE_LIMIT_MS } from "../limits.ts";
import type { Api } from "./api.ts";
import { openTopics } from "./topic-socket.ts";

export interface FollowOptions {
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
 * when the run is not known, or when nothing was heard for longer than `UNREACHABLE_LIMIT_MS`.
 *
 * States: listening (the socket is open or opening), away (a timer opens it again, another asks), over.
 */
export async function followRun(api: Api, run: string, options: FollowOptions): Promise<RunView | null> {
  const { clock, timers, random, signal } = options;
  return await new Promise((resolve, reject) => {
    const pending = new Set<Cancel>();
    let lastView: RunView | null = null;
    let lastWordAt = clock.monotonic();
    let attempts = 0; // Of opening the socket since it last told something.
    let isAsking = false;
    let isOver = false;

    const finish = (settle: () => void): void => {
      if (isOver) return;
      isOver = true;
      for (const cancel of pending) cancel();
      signal.removeEventListener("abort", onAbort);
      settle();
    };
    const onAbort = (): void => finish(() => reject(new Error("nobody follows any more")));
    const later = (delayMs: number, then: () => void): void => {
      const cancel = timers.after(delayMs, () => {
        pending.delete(cancel);
        then();
      });
      pending.add(cancel);
    };

    const takeView = (view: RunView): void => {
      if (isOver) return;
      lastView = view;
      lastWordAt = clock.monotonic();
      options.onRun(view);
      if (isFinalRunStatus(view.status)) finish(() => resolve(view));
    };

    const listen = (): void => {
      const topics = openTopics(api.place, (reason) => {
        pending.delete(topics.close);
        if (isOver) return;
        if (clock.monotonic() - lastWordAt > UNREACHABLE_LIMIT_MS) return finish(() => reject(lost(api, run, reason)));
        attempts += 1;
        if (!isAsking) void askWhileAway();
        later(jitteredDelayMs(RECONNECT_FIRST_MS, RECONNECT_LIMIT_MS, attempts - 1, random), listen);
      });
      pending.add(topics.close);
      topics.subscribe(topicName({ kind: "run", run }), {
        onValue(value) {
          attempts = 0;
          takeView(value as RunView); // The topic's value is this view: both sides take the type from protocol/views.ts.
        },
        onRefused: (failure) => finish(() => reject(refusedError(failure))),
      });
    };

    /** While no socket tells of it: whether it is over, which is quickly said, then how it looks, which may be too much to say. */
    const askWhileAway = async (): Promise<void> => {
      const asking = new AbortController();
      const stop = (): void => asking.abort();
      isAsking = true;
      pending.add(stop);
      try {
        const { status } = await api.call("get-result", { run }, { signal: asking.signal });
        lastWordAt = clock.monotonic();
        const view = await api.call("get-run", { run }, { signal: asking.signal }).catch(() => null);
        if (view !== null && attempts > 0) takeView(view); // Else the topic has told of something newer.
        if (status !== "pending") finish(() => resolve(lastView));
      } catch (error) {
        if (error instanceof CommandError && error.exitCode !== exitCodes.unreachable) finish(() => reject(error));
      }
      pending.delete(stop);
      isAsking = false;
      if (!isOver && attempts > 0) later(POLL_MS, () => (attempts > 0 && !isAsking ? void askWhileAway() : undefined));
    };

    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    listen();
  });
}

function lost(api: Api, run: string, reason: string): CommandError {
  return new CommandError({
    code: "server_unreachable",
    exitCode: exitCodes.unreachable,
    message: `nothing was heard of run ${run} from ${api.place.url} for ${UNREACHABLE_LIMIT_MS / 60_000} minutes: ${reason}`,
    hint: `the run goes on when the server is back: coflux runs watch ${run}`,
  });
}
