import { lookup } from "node:dns/promises";
import net from "node:net";
import { getSystemErrorName } from "node:util";
import type { Ms, Timers } from "../base/clock.ts";
import { type Result, failure, ok } from "../base/result.ts";
import { BIND_AGAIN_MS } from "./limits.ts";

/** The public socket, bound here and listened on by the gateway: it outlives each gateway, and connections queue in the kernel meanwhile. */
export interface ListeningSocket {
  /** Handed down to every gateway. */
  readonly descriptor: number;
  readonly port: number;
  readonly url: string;
  close(): void;
}

export interface Address {
  readonly host: string;
  readonly address: string;
  readonly family: 4 | 6;
  readonly isLoopback: boolean;
}

/** What Node's own servers bind with. It gives a handle on which nothing is accepted until somebody listens, or an error number. */
interface BoundHandle {
  readonly fd: number;
  getsockname(into: { port: number }): number;
  close(): void;
}
type CreateServerHandle = (address: string, port: number, family: 4 | 6) => BoundHandle | number;

const loopback = new net.BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/** Finds the address that a host name stands for. */
export async function resolveHost(host: string): Promise<Result<Address, string>> {
  try {
    const { address, family } = await lookup(host);
    const isLoopback = loopback.check(address, family === 6 ? "ipv6" : "ipv4");
    return ok({ host, address, family: family === 6 ? 6 : 4, isLoopback });
  } catch {
    return failure(`the host ${host} cannot be resolved to an address`);
  }
}

/** Binds; fails with the system's error code, for example `EADDRINUSE`. Port 0 takes a free one. */
export function bindSocket({ host, address, family }: Address, port: number): Result<ListeningSocket, string> {
  const handle = createServerHandle(address, port, family);
  if (typeof handle === "number") return failure(getSystemErrorName(handle));
  const bound = { port };
  // An address that is in use is reported by this call, and not by the bind.
  const error = handle.getsockname(bound);
  if (error !== 0) {
    handle.close();
    return failure(getSystemErrorName(error));
  }
  const name = family === 6 && net.isIPv6(host) ? `[${host}]` : host;
  return ok({
    descriptor: handle.fd,
    port: bound.port,
    url: `http://${name}:${bound.port}`,
    close: () => handle.close(),
  });
}

/** Binds, and tries again for `patienceMs` while the address is in use: by what is left of a server that was killed and is about to end. */
export async function bindPatiently(
  bind: () => Result<ListeningSocket, string>,
  patienceMs: Ms,
  timers: Timers,
): Promise<Result<ListeningSocket, string>> {
  for (let waitedMs = 0; ; waitedMs += BIND_AGAIN_MS) {
    const bound = bind();
    if (bound.ok || bound.error !== "EADDRINUSE" || waitedMs >= patienceMs) return bound;
    await new Promise<void>((resolve) => void timers.after(BIND_AGAIN_MS, resolve));
  }
}

/**
 * A server of Node's that listens would also accept, in this process. The function below binds only; it is not documented, but it is the one
 * that `server.listen` itself uses. Tested on every version of Node that is supported; without it the server says so and does not start.
 */
function createServerHandle(address: string, port: number, family: 4 | 6): BoundHandle | number {
  const create: unknown = Reflect.get(net, "_createServerHandle");
  if (typeof create !== "function") throw new Error(`Node ${process.version} cannot bind a socket without accepting`);
  return (create as CreateServerHandle)(address, port, family); // Undocumented, so without a type of its own.
}
