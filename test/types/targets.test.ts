// Checked by the compiler (`tsc` reads the tests); at run time these only show that nothing throws while defining.
import { expectTypeOf, test } from "vitest";
import {
  type Codec,
  type Execution,
  type ExecutionContext,
  ExecutionError,
  type Polled,
  type Target,
  type Task,
  type Workflow,
  cancel,
  codec,
  context,
  log,
  registerCodec,
  task,
  workflow,
} from "coflux";
import { defineConfig } from "coflux/config";

interface User {
  readonly id: string;
  readonly joined: Date;
  readonly tags: Set<string>;
}

const fetchUser = task({ retries: { limit: 3, backoff: ["1s", "30s"] }, timeout: "10s" }, async (id: string) => {
  const user: User = { id, joined: new Date(0), tags: new Set() };
  return user;
});
const double = task((amount: number, _note?: string) => amount * 2);
const total = task(async (...amounts: number[]) => amounts.length);
const viaHandle = task(async (user: Execution<User>) => (await user.result()).id);
const handles = task(async () => ({ first: double.submit(1) }));
const fails = task(() => {
  throw new Error("always");
});
class Watched<T> extends Promise<T> {
  readonly watcher = "joe";
}
const watched = task((amount: number) => new Watched<number>((resolve) => resolve(amount)));
const same = task(async <T>(value: T) => value);
const overloaded = task(overload);
function overload(value: string): Promise<string>;
function overload(value: number): Promise<number>;
async function overload(value: string | number): Promise<string | number> {
  return value;
}
const greet = workflow({ description: "Says hello" }, async (id: string, hour = 9) => {
  const user = await fetchUser(id);
  expectTypeOf(user).toEqualTypeOf<User>();
  return { text: `Hello, ${user.id}`, hour } as const;
});

type AnyFunction = (...parameters: never[]) => unknown;
const forward = <F extends AnyFunction>(target: Target<F>, ...parameters: Parameters<F>) => target(...parameters);
const submit = <F extends AnyFunction>(target: Target<F>, ...parameters: Parameters<F>) => target.submit(...parameters);
const typed = <F extends AnyFunction>(
  target: Target<F>,
  ...parameters: Parameters<F>
): Promise<Awaited<ReturnType<F>>> => target(...parameters);
const forwardTo = <A extends unknown[], R>(target: Target<(...parameters: A) => R>, ...parameters: A) =>
  target(...parameters);
const callWith = <A extends unknown[], R>(call: (...parameters: A) => Promise<R>, ...parameters: A) =>
  call(...parameters);

/** Never called: only its types matter. */
async function inside(): Promise<void> {
  expectTypeOf(await double(1)).toEqualTypeOf<number>();
  expectTypeOf(await double(1, "note")).toEqualTypeOf<number>();
  expectTypeOf(await total(1, 2, 3)).toEqualTypeOf<number>();
  expectTypeOf(await greet("1")).toEqualTypeOf<{ readonly text: `Hello, ${string}`; readonly hour: number }>();

  expectTypeOf(await same(5)).toEqualTypeOf<number>();
  expectTypeOf(await same.with({ retries: 1 })(new Date())).toEqualTypeOf<Date>();
  expectTypeOf(await overloaded("a")).toEqualTypeOf<string>();
  expectTypeOf(double(1)).toEqualTypeOf<Promise<number>>();

  expectTypeOf(fails()).toEqualTypeOf<Promise<never>>();
  expectTypeOf(watched(1)).toEqualTypeOf<Promise<number>>();
  const user = fetchUser.submit("1");
  expectTypeOf(user).toEqualTypeOf<Execution<User>>();
  expectTypeOf(user.id).toEqualTypeOf<Promise<string>>();
  expectTypeOf(await user.result()).toEqualTypeOf<User>();
  expectTypeOf(await user.poll({ timeout: "1s" })).toEqualTypeOf<Polled<User>>();
  const polled = await user.poll();
  if (polled.done) expectTypeOf(polled.value).toEqualTypeOf<User>();
  expectTypeOf(user).not.toExtend<PromiseLike<unknown>>();

  expectTypeOf(await viaHandle(user)).toEqualTypeOf<string>();
  expectTypeOf(await (await handles()).first.result()).toEqualTypeOf<number>();
  await cancel([user, double.submit(1)]);

  const patient = fetchUser.with({ timeout: { minutes: 5 }, retries: 0, isolation: "process" });
  expectTypeOf(await patient("1")).toEqualTypeOf<User>();
  expectTypeOf(patient.submit("1")).toEqualTypeOf<Execution<User>>();

  expectTypeOf(context()).toEqualTypeOf<ExecutionContext>();
  expectTypeOf(context().signal).toEqualTypeOf<AbortSignal>();
  log.info("user {id}", { id: user.id });

  // @ts-expect-error -- an argument of the wrong type
  await double("1");
  // @ts-expect-error -- an argument too few
  await fetchUser();
  // @ts-expect-error -- an argument too many
  await fetchUser("1", 2);
  // @ts-expect-error -- the value in place of its handle
  await viaHandle(await user.result());
  // @ts-expect-error -- a handle in place of its value
  await double(double.submit(1));
  // @ts-expect-error -- a handle of another type
  await viaHandle(double.submit(1));
  // @ts-expect-error -- submit() takes what the function takes
  fetchUser.submit(1);
  // @ts-expect-error -- a call cannot carry a predicate
  fetchUser.with({ retries: { limit: 1, when: () => true } });
}

/** Never called. */
async function forwarding(): Promise<void> {
  expectTypeOf(await forward(fetchUser, "1")).toEqualTypeOf<User>();
  expectTypeOf(await forward(double, 1, "note")).toEqualTypeOf<number>();
  expectTypeOf(await forward(greet, "1")).toEqualTypeOf<{ readonly text: `Hello, ${string}`; readonly hour: number }>();
  expectTypeOf(await typed(fetchUser, "1")).toEqualTypeOf<User>();
  expectTypeOf(submit(fetchUser, "1")).toEqualTypeOf<Execution<User>>();
  expectTypeOf(await forwardTo(double, 1)).toEqualTypeOf<number>();
  expectTypeOf(await callWith(fetchUser, "1")).toEqualTypeOf<User>();
  expectTypeOf(await callWith(double, 1)).toEqualTypeOf<number>();

  // @ts-expect-error -- an argument of the wrong type
  await forward(double, "1");
  // @ts-expect-error -- an argument too few
  await typed(fetchUser);
}

/** Never called. */
function badDefinitions(): void {
  // @ts-expect-error -- a duration has a unit
  task({ timeout: 10 }, async () => {});
  // @ts-expect-error -- a duration has a known unit
  task({ timeout: "10 parsecs" }, async () => {});
  // @ts-expect-error -- an unknown option
  task({ retry: 3 }, async () => {});
  // @ts-expect-error -- options come first
  task(async () => {}, { retries: 3 });
  // @ts-expect-error -- no function
  workflow({ description: "nothing" });
}

class Money {
  static readonly [codec]: Codec<Money, [number, string]> = {
    name: "Money/1",
    encode: (money) => [money.pence, money.currency],
    decode: ([pence, currency]) => new Money(pence, currency),
  };
  readonly pence: number;
  readonly currency: string;
  constructor(pence: number, currency: string) {
    this.pence = pence;
    this.currency = currency;
  }
}

test("types of targets, handles and results are inferred end to end", () => {
  expectTypeOf(inside).toBeFunction();
  expectTypeOf(forwarding).toBeFunction();
  expectTypeOf(badDefinitions).toBeFunction();
  expectTypeOf(double).toExtend<Task<(amount: number, note?: string) => number>>();
  expectTypeOf(double.fn(1)).toEqualTypeOf<number>();
  expectTypeOf(greet).toExtend<Workflow<(id: string, hour?: number) => unknown>>();
  expectTypeOf(greet).not.toExtend<Task<(id: string, hour?: number) => unknown>>();
  expectTypeOf(fetchUser.fn).returns.resolves.toEqualTypeOf<User>();
});

test("an error that was caught tells its type and execution", () => {
  const error: unknown = new Error("x");
  if (error instanceof ExecutionError) {
    expectTypeOf(error.type).toEqualTypeOf<string>();
    expectTypeOf(error.execution.attempt).toEqualTypeOf<number>();
  }
});

test("codecs and configuration are typed", () => {
  registerCodec(Money);
  registerCodec(URLSearchParams, {
    name: "URLSearchParams/1",
    encode: (parameters: URLSearchParams) => parameters.toString(),
    decode: (text: string) => new URLSearchParams(text),
  });
  const config = defineConfig({
    project: "shop",
    repositories: { orders: "src/orders.ts" },
    agent: { concurrency: 8 },
  });
  expectTypeOf(config.project).toEqualTypeOf<string | undefined>();
  // @ts-expect-error -- an unknown member
  defineConfig({ projekt: "shop" });
});
