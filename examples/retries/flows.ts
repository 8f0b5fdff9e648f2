import { NonRetryableError, context, log, task, workflow } from "coflux";

class Unavailable extends Error {
  override readonly name = "Unavailable";
}

/** Fails until its `succeedsAt`-th attempt, as a service that is coming back does. Each attempt is an execution of the same step. */
export const callService = task({ retries: { limit: 4, backoff: ["100ms", "400ms"] } }, async (succeedsAt: number) => {
  const { attempt } = context();
  if (attempt < succeedsAt) throw new Unavailable(`attempt ${attempt}: the service is not up yet`);
  log.info("answered at attempt {attempt}", { attempt });
  return attempt;
});

/** A rejected card stays rejected: its error says so, and no retry is spent on it. */
export const charge = task({ retries: 3 }, async (pence: number) => {
  if (pence > 10_000) throw new NonRetryableError("the card was declined");
  return { charged: pence };
});

export const order = workflow({ description: "Waits out a flaky service, then charges" }, async (pence: number) => {
  const attempts = await callService(3);
  const payment = await charge(pence);
  return { attempts, ...payment };
});
