import { type Condition, type SocketUse, type Vitals, examine, newVitals, slowReason } from "./vitals.ts";
import { PING_DEAD_MS } from "../../protocol/limits.ts";
import { UNREAD_LIMIT_BYTES } from "../limits.ts";
import { closeCodes } from "../../protocol/close-codes.ts";
import type { Ms } from "../../base/clock.ts";
import type { Socket } from "node:net";
import type { WebSocket } from "ws";

/** A close frame has room for this much of a reason. */
const REASON_LIMIT_BYTES = 123;

/** A WebSocket with what we need around it: sends of one turn in one write, reading that pauses, a close that ends, and its vitals. */
export class WatchedSocket {
  readonly #socket: WebSocket;
  readonly #raw: Socket;
  readonly #use: SocketUse;
  readonly #vitals: Vitals = newVitals();
  #isCorked = false;
  #gaveUp = (_reason: string): void => undefined;

  constructor(socket: WebSocket, raw: Socket, use: SocketUse) {
    this.#socket = socket;
    this.#raw = raw;
    this.#use = use;
    for (const sign of ["message", "ping", "pong"] as const) socket.on(sign, () => (this.#vitals.silentMs = 0));
  }

  /** Its close was begun: nothing that still arrives counts. */
  get isClosing(): boolean {
    return this.#vitals.closingMs !== null;
  }

  /** What waits for the other side to read it. */
  get unreadBytes(): number {
    return this.#raw.writableLength;
  }

  /** Calls back whenever everything was read that waited. */
  onDrain(drained: () => void): void {
    this.#raw.on("drain", drained);
  }

  /** Calls back when the other side does not read or is not heard of, with the reason in words; the end of the socket follows. */
  onGiveUp(gaveUp: (reason: string) => void): void {
    this.#gaveUp = gaveUp;
  }

  send(data: Buffer | string): void {
    if (this.isClosing) return;
    if (this.unreadBytes > UNREAD_LIMIT_BYTES) return this.#giveUpReader();
    this.#cork();
    this.#socket.send(data, { binary: typeof data !== "string" });
  }

  /** Stops reading, unless it is closing: its answer to that must be read. */
  pause(): void {
    if (!this.isClosing) this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(code: number, reason: string): void {
    if (this.isClosing) return;
    this.#vitals.closingMs = 0;
    this.#socket.resume();
    this.#socket.close(code, Buffer.from(reason).subarray(0, REASON_LIMIT_BYTES));
  }

  /** Ends it without a word. */
  terminate(): void {
    this.#socket.terminate();
  }

  /** Once in every sweep. */
  sweep(passedMs: Ms): Condition {
    const verdict = examine(this.#vitals, this.#state(), passedMs);
    if (verdict === "ping") this.#socket.ping();
    if (verdict === "slow") this.#giveUpReader();
    if (verdict === "dead") {
      if (!this.isClosing) this.#gaveUp(`nothing was heard of it for ${PING_DEAD_MS / 1_000} s`);
      this.terminate();
    }
    return verdict;
  }

  #giveUpReader(): void {
    this.#gaveUp(slowReason(this.#vitals, this.unreadBytes));
    this.close(closeCodes.overloaded, "too slow a reader");
  }

  #state() {
    const unreadBytes = this.unreadBytes;
    // Counts what was handed to the socket, so also what still waits in it.
    const takenBytes = this.#raw.bytesWritten - unreadBytes;
    return { use: this.#use, isReading: !this.#socket.isPaused, unreadBytes, takenBytes };
  }

  /** One write for everything that is sent in this turn. */
  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.#raw.cork();
    process.nextTick(() => {
      this.#isCorked = false;
      this.#raw.uncork();
    });
  }
}
