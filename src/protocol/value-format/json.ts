/** What JSON text can hold. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** A value that plain JSON cannot hold: `{"$":"date","v":"…"}`. */
export type Tagged = { readonly $: string; readonly v?: Json };

/** Whether text, a boolean or a number is written as itself: numbers that JSON has no form for are tagged, and so is -0. */
export function isPlainNumber(value: number): boolean {
  return Number.isFinite(value) && !Object.is(value, -0);
}

export function isJsonArray(node: Json | undefined): node is readonly Json[] {
  return Array.isArray(node);
}

export function isJsonObject(node: Json | undefined): node is JsonObject {
  return typeof node === "object" && node !== null && !Array.isArray(node);
}
