import { once } from "node:events";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";

/** A TCP proxy that can be made to fail: cut connections after so many bytes, or swallow everything without closing. */
export interface TcpProxy {
  readonly url: string;
  /** How many connections of agents it has seen: other requests come and go through it when they like. */
  agentConnections(): number;
  /** How many of them it has cut after their bytes. */
  cuts(): number;
  /** Cuts the next connection of an agent after this many bytes in the given direction; those after it pass. */
  cutNextAfter(bytes: number, direction: "up" | "down"): void;
  /** Cuts what is open now. */
  cutAll(): void;
  /** While true, bytes vanish in both directions and new connections hang: nobody is told. */
  setBlackhole(isOn: boolean): void;
  close(): Promise<void>;
}

export async function startTcpProxy(target: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  let agentConnections = 0;
  let cuts = 0;
  let isBlackhole = false;
  let nextCut: { bytes: number; direction: "up" | "down" } | undefined;

  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    let cut: typeof nextCut;
    const recognise = (request: Buffer): void => {
      if (!request.toString("latin1").startsWith("GET /agent")) return;
      agentConnections += 1;
      cut = nextCut;
      nextCut = undefined;
    };
    const both = [client, upstream];
    const end = (): void => {
      for (const socket of both) {
        socket.destroy();
        open.delete(socket);
      }
    };
    for (const socket of both) {
      open.add(socket);
      socket.on("error", end);
      socket.on("close", end);
    }
    const pass = (from: Socket, to: Socket, direction: "up" | "down"): void => {
      let passed = 0;
      from.on("data", (chunk: Buffer) => {
        if (isBlackhole) return;
        if (direction === "up" && passed === 0) recognise(chunk);
        const left = cut?.direction === direction ? cut.bytes - passed : Infinity;
        to.write(left >= chunk.byteLength ? chunk : chunk.subarray(0, left));
        passed += chunk.byteLength;
        if (chunk.byteLength < left) return;
        cuts += 1;
        end();
      });
    };
    pass(client, upstream, "up");
    pass(upstream, client, "down");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address() as AddressInfo; // A TCP server's address is one.

  const cutAll = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${address.port}`,
    agentConnections: () => agentConnections,
    cuts: () => cuts,
    cutNextAfter: (bytes, direction) => (nextCut = { bytes, direction }),
    cutAll,
    setBlackhole: (isOn) => (isBlackhole = isOn),
    async close() {
      server.close();
      cutAll();
      await once(server, "close");
    },
  };
}
