import { expect, test } from "vitest";
import { defaultLimits } from "../../src/supervisor/limits.ts";
import { shutdownStep } from "../../src/supervisor/shutdown-order.ts";

const gateway = { name: "gateway", role: "gateway", isAlive: true } as const;
const one = { name: "one", role: "orchestrator", isAlive: true } as const;
const two = { name: "two", role: "orchestrator", isAlive: true } as const;
const gone = <C extends object>(child: C) => ({ ...child, isAlive: false });

test.each([
  ["the gateway first", [gateway, one, two], ["gateway"]],
  ["then all orchestrators side by side", [gone(gateway), one, two], ["one", "two"]],
  ["then those that are left", [gone(gateway), gone(one), two], ["two"]],
  ["orchestrators at once when there is no gateway", [one], ["one"]],
  ["a gateway that came back meanwhile", [gateway, gone(one)], ["gateway"]],
])("%s", (_name, children, stopped) => {
  const step = shutdownStep(children, defaultLimits);
  expect(step.kind === "stop" && step.children.map(({ name }) => name)).toEqual(stopped);
});

test("nothing is left to stop when all have gone", () => {
  expect(shutdownStep([gone(gateway), gone(one)], defaultLimits)).toEqual({ kind: "done" });
});

test("with every child hanging, a stop takes less than 15 s", () => {
  let children: { role: "gateway" | "orchestrator"; isAlive: boolean }[] = [gateway, one, two];
  let tookMs = 0;
  for (;;) {
    const step = shutdownStep(children, defaultLimits);
    if (step.kind === "done") break;
    tookMs += step.withinMs + step.terminateMs;
    children = children.map((child) => (step.children.includes(child) ? gone(child) : child));
  }
  expect(tookMs).toBeLessThan(15_000);
});
