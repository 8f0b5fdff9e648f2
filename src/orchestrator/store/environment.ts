import type { Database } from "./database.ts";

const states = ["active", "paused", "archived"] as const;
export type EnvironmentState = (typeof states)[number];

/** For SQL. */
export const activeState = states.indexOf("active");

export function environmentState(db: Database): EnvironmentState {
  const row = db.get<{ state: number }>("SELECT state FROM environment");
  return states[row?.state ?? 0] ?? "active";
}

export function setEnvironmentState(db: Database, state: EnvironmentState): void {
  db.run("UPDATE environment SET state = ?", states.indexOf(state));
}
