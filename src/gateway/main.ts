import { connectionLimit } from "./http/connections.ts";
import { connect } from "node:net";
import { createGateway } from "./gateway.ts";
import { gatewayConfig } from "../protocol/supervisor-messages.ts";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { runChild } from "../process/child-entry.ts";

// The gateway: the process behind the public port. Its listening socket belongs to the supervisor, so that clients who come while this process
// is being replaced wait in the queue of the socket instead of being refused.

await runChild({
  name: "gateway",
  config: gatewayConfig,
  async start(context) {
    const { config } = context;
    const limits = await readFile("/proc/self/limits", "utf8").catch(() => null); // Linux only.
    const gateway = createGateway({
      ...context,
      supervisor: context,
      dataDirectory: config.dataDirectory,
      host: config.host,
      connectionLimit: connectionLimit(limits),
      connect: (socketPath) => connect(socketPath),
    });
    gateway.server.listen({ fd: config.listenFd });
    await once(gateway.server, "listening");
    return { epoch: null, drain: (withinMs) => gateway.drain(withinMs) };
  },
});
