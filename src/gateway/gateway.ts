import type { Clock, Ms, Timers } from "../base/clock.ts";
import { COME_BACK_WITHIN_MS, DRAIN_GRACE_MS } from "./limits.ts";
import { type Random, randomBelow } from "../base/random.ts";
import type { Duplex } from "node:stream";
import type { Log } from "../process/log.ts";
import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { SupervisorPort } from "./supervisor-port.ts";
import { closeCodes } from "../protocol/close-codes.ts";
import { createChanges } from "../base/changes.ts";
import { createEnvironmentLinks } from "./environment-links.ts";
import { createFileBlobs } from "./blobs/file-blobs.ts";
import { createHttpApi } from "./http/api.ts";
import { createHttpServer } from "./http/http-server.ts";
import { createUpgrades } from "./sockets/upgrades.ts";
import { isWebSocket, readAgain } from "./sockets/ignored-upgrade.ts";
import { stopping } from "./http/refusals.ts";
import { startSocketSweep } from "./sockets/socket-sweep.ts";

export interface GatewayParts {
  readonly supervisor: SupervisorPort;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  readonly dataDirectory: string;
  /** The address the server was started with. */
  readonly host: string;
  readonly connectionLimit: number;
  /** Opens a stream to an orchestrator's socket. */
  readonly connect: (socketPath: string) => Duplex;
}

export interface Gateway {
  /** Whoever made the gateway makes it listen. */
  readonly server: Server;
  /** Takes nothing new, sends agents away, lets short requests end, and closes everything; never later than `withinMs`. */
  drain(withinMs: Ms): Promise<void>;
}

/** Puts the parts together. */
export function createGateway(parts: GatewayParts): Gateway {
  const { clock, timers, random, log } = parts;
  let isStopping = false;
  const links = createEnvironmentLinks(parts);
  const ends = createChanges(timers); // Of requests and of sockets: a drain waits for them.
  const sweep = startSocketSweep(clock, timers, () => ends.tell());
  const blobs = createFileBlobs(parts.dataDirectory, clock);
  const api = createHttpApi({ ...parts, links, blobs, isStopping: () => isStopping });
  const http = createHttpServer({ api, connectionLimit: parts.connectionLimit, log, onRequestEnd: () => ends.tell() });
  const { server, connections } = http;
  const upgrade = createUpgrades({
    links,
    sweep,
    log,
    host: parts.host,
    isStopping: () => isStopping,
    isSurplus: (socket) => connections.isSurplus(socket),
  });
  server.on("upgrade", (request, socket: Socket, head) => {
    if (isWebSocket(request)) upgrade(request, socket, head);
    else readAgain(server, request, socket, head);
  });

  return {
    server,
    async drain(withinMs) {
      const startedAt = clock.monotonic();
      isStopping = true;
      server.close();
      for (const socket of sweep.all()) {
        socket.close(closeCodes.restarting, `retry-after-ms=${randomBelow(random, COME_BACK_WITHIN_MS)}`);
      }
      await ends.until(() => http.activeRequests() === 0, Math.min(DRAIN_GRACE_MS, withinMs / 2));
      links.close(stopping()); // Ends what only waits: long polls and streams.
      const leftMs = startedAt + withinMs - clock.monotonic();
      await ends.until(() => http.activeRequests() === 0 && sweep.size() === 0, leftMs);
      server.closeAllConnections();
      for (const socket of sweep.all()) socket.terminate();
      sweep.stop();
      log.info({}, "gateway drained");
    },
  };
}
