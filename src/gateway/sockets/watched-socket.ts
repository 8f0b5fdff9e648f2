import { type SocketUse, type Verdict, type Vitals, examine, newVitals } from "./vitals.ts";
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

  send(data: Buffer | string): void {
    if (this.isClosing) return;
    if (this.unreadBytes > UNREAD_LIMIT_BYTES) return this.close(closeCodes.overloaded, "too slow a reader");
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
  sweep(passedMs: Ms): Verdict {
    const verdict = examine(this.#vitals, this.#state(), passedMs);
    if (verdict === "ping") this.#socket.ping();
    if (verdict === "slow") this.close(closeCodes.overloaded, "too slow a reader");
    if (verdict === "dead") this.terminate();
    return verdict;
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
