import type { Clock, Timers } from "../../base/clock.ts";
import { SOCKET_SWEEP_MS } from "../limits.ts";
import type { WatchedSocket } from "./watched-socket.ts";

/** All open WebSockets, looked over once a second by one timer. */
export interface SocketSweep {
  add(socket: WatchedSocket): void;
  remove(socket: WatchedSocket): void;
  all(): Iterable<WatchedSocket>;
  size(): number;
  stop(): void;
}

/** `onRemove` is called whenever there is one less. */
export function startSocketSweep(clock: Clock, timers: Timers, onRemove: () => void): SocketSweep {
  const sockets = new Set<WatchedSocket>();
  let sweptAt = clock.monotonic();

  const sweep = (): void => {
    const now = clock.monotonic();
    const passedMs = Math.min(now - sweptAt, 2 * SOCKET_SWEEP_MS); // More than that is our own pause.
    sweptAt = now;
    for (const socket of sockets) socket.sweep(passedMs);
    cancel = timers.after(SOCKET_SWEEP_MS, sweep);
  };
  let cancel = timers.after(SOCKET_SWEEP_MS, sweep);

  return {
    add: (socket) => void sockets.add(socket),
    remove(socket) {
      sockets.delete(socket);
      onRemove();
    },
    all: () => sockets,
    size: () => sockets.size,
    stop: () => cancel(),
  };
}
