/** What an execution does with a slot of its session; the position is what `executions.slot` holds. */
export const slots = ["none", "held", "yielded", "outlived"] as const;
/** `yielded`: its code waits for others. `outlived`: its code runs on after its outcome. */
export type Slot = (typeof slots)[number];

// For SQL: held and yielded ones with `slot > 0` beside them, because that is what the index of slots is made of.
export const noSlot = slots.indexOf("none");
export const heldSlot = slots.indexOf("held");
export const yieldedSlot = slots.indexOf("yielded");
