import { PARKED_BYTES_LIMIT, PARKED_REQUESTS_LIMIT } from "./limits.ts";

/** Requests that wait to be sent to one orchestrator: in the order in which they will be, and not without limit. */
export interface ParkedRequests<R extends ParkedRequest> {
  size(): number;
  /** The first one first; what is removed meanwhile is left out. */
  all(): Iterable<R>;
  /** False: there are too many, or they hold too much memory. */
  add(request: R): boolean;
  remove(id: number): void;
  /** Gives all of them, and has none any more. */
  takeAll(): readonly R[];
}

export interface ParkedRequest {
  readonly id: number;
  /** What it holds in memory. */
  readonly bytes: number;
}

export function createParkedRequests<R extends ParkedRequest>(): ParkedRequests<R> {
  const parked = new Map<number, R>();
  let bytes = 0;

  return {
    size: () => parked.size,
    all: () => parked.values(),
    add(request) {
      if (parked.size >= PARKED_REQUESTS_LIMIT || bytes + request.bytes > PARKED_BYTES_LIMIT) return false;
      parked.set(request.id, request);
      bytes += request.bytes;
      return true;
    },
    remove(id) {
      bytes -= parked.get(id)?.bytes ?? 0;
      parked.delete(id);
    },
    takeAll() {
      const requests = [...parked.values()];
      parked.clear();
      bytes = 0;
      return requests;
    },
  };
}
