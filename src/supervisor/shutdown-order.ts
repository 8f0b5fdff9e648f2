import type { Ms } from "../base/clock.ts";
import type { Limits } from "./limits.ts";

/** The gateway goes first, so that what it has under way still meets orchestrators; these drain side by side. */
export type ShutdownStep<C> =
  | { readonly kind: "stop"; readonly children: readonly C[]; readonly withinMs: Ms; readonly terminateMs: Ms }
  | { readonly kind: "done" };

interface Stoppable {
  readonly role: "gateway" | "orchestrator";
  readonly isAlive: boolean;
}

/** Who is to be stopped next, given who is alive; asked again when all of them have gone. */
export function shutdownStep<C extends Stoppable>(children: readonly C[], limits: Limits): ShutdownStep<C> {
  const alive = children.filter((child) => child.isAlive);
  const gateways = alive.filter((child) => child.role === "gateway");
  const terminateMs = limits.stopTerminateMs;
  if (gateways.length > 0) return { kind: "stop", children: gateways, withinMs: limits.stopGatewayMs, terminateMs };
  if (alive.length > 0) return { kind: "stop", children: alive, withinMs: limits.stopOrchestratorsMs, terminateMs };
  return { kind: "done" };
}
