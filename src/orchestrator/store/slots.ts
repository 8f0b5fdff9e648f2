/** What an execution does with a slot of its session; the position is what `executions.slot` holds. */
export const slots = ["none", "held", "yielded", "outlived"] as const;
/** `yielded`: its code waits for others. `outlived`: its code runs on after its outcome. */
export type Slot = (typeof slots)[number];

// For SQL. The index `executions_in_slots` is made of `slot > 0`, and SQLite does not conclude that from `slot = 2`.

export const noSlot = slots.indexOf("none");
export const heldSlot = slots.indexOf("held");
export const yieldedSlot = slots.indexOf("yielded");

export const inSlotCondition = "slot > 0";
/** It counts towards its session's concurrency: also when its code runs on after its outcome. */
export const takenSlotCondition = `${inSlotCondition} AND slot <> ${yieldedSlot}`;
/** Its code waits for others. */
export const yieldedSlotCondition = `${inSlotCondition} AND slot = ${yieldedSlot}`;
