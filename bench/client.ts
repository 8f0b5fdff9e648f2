import { Agent, request } from "node:http";
import type { Stage } from "./stage.ts";
import { environment } from "./stage.ts";
import { environmentPath } from "../test/support/server.ts";

// A client that costs little itself: keep-alive HTTP without a library, since client, agent and server share the machine.

export interface BenchClient {
  submit(target: string, values: readonly unknown[]): Promise<string>;
  /** Waits for the end of a run and gives its status. */
  finish(run: string): Promise<string>;
  close(): void;
}

const CONNECTIONS_LIMIT = 256;

export function openClient({ server }: Stage): BenchClient {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS_LIMIT });
  const url = new URL(server.url);

  const call = (method: string, path: string, body?: string): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const headers =
        body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
      const sent = request({ agent, host: url.hostname, port: url.port, method, path, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString();
          if ((response.statusCode ?? 500) < 300) resolve(JSON.parse(text));
          else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
        });
      });
      sent.on("error", reject);
      sent.end(body);
    });

  return {
    async submit(target, values) {
      const body = JSON.stringify({ target: `bench/${target}`, arguments: values });
      return member(await call("POST", `${environmentPath(environment)}/runs`, body), "runId");
    },
    async finish(run) {
      for (;;) {
        const status = member(
          await call("GET", `${environmentPath(environment)}/runs/${run}/result?waitMs=30000`),
          "status",
        );
        if (status !== "pending") return status;
      }
    },
    close: () => agent.destroy(),
  };
}

function member(value: unknown, name: string): string {
  const found: unknown = typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
  if (typeof found === "string") return found;
  throw new Error(`the server answered without ${name}: ${JSON.stringify(value)}`);
}
