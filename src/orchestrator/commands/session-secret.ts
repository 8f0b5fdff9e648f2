import { createHash, timingSafeEqual } from "node:crypto";
import type { Random } from "../../base/random.ts";
import { randomBelow } from "../../base/random.ts";

/** 256 bits in hex: what an agent shows to get its session back. Only the hash is stored, so a stolen database opens no session. */
export function makeSecret(random: Random): string {
  return Array.from({ length: 64 }, () => randomBelow(random, 16).toString(16)).join("");
}

export function hashSecret(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

export function isSecret(secret: string, hash: string): boolean {
  return timingSafeEqual(Buffer.from(hashSecret(secret), "hex"), Buffer.from(hash, "hex"));
}
