import { resolve } from "node:path";
import { DEFAULT_PORT } from "../../protocol/addresses.ts";
import type { Ms } from "../../base/clock.ts";
import type { ServerExitCode, ServerOptions } from "../../protocol/server-run.ts";
import { bundles } from "../bundles.ts";
import { usageError } from "../command-error.ts";
import type { Context } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { PORT_LIMIT } from "../limits.ts";

export interface ServerFlags {
  readonly host?: string;
  readonly port?: number;
  readonly dataDir?: string;
  readonly idleTimeout?: Ms;
  readonly sessionLease?: Ms;
  readonly heapLimit?: number;
  readonly memoryLimit?: number;
  /** False after `--no-auth`. */
  readonly auth: boolean;
}

interface ServerEntry {
  readonly runSupervisor: (options: ServerOptions) => Promise<ServerExitCode>;
}

const defaultHost = "127.0.0.1";
const defaultDataDirectory = "./data";

/** `coflux server start`: this process becomes the supervisor. */
export async function startServer(context: Context, flags: ServerFlags): Promise<ExitCode> {
  const { runSupervisor } = await loadSupervisor();
  return await runSupervisor({
    ...serverOptions(context, flags),
    onReady: (url) => (context.output.isJson ? context.output.json({ url }) : context.output.line(url)),
  });
}

export async function loadSupervisor(): Promise<ServerEntry> {
  return await import(bundles.supervisor.href);
}

function serverOptions(context: Context, flags: ServerFlags): Omit<ServerOptions, "onReady"> {
  const { variables, workingDirectory } = context;
  const { directory, config } = context.config;
  const configured = config.server ?? {};
  const dataDirectory = flags.dataDir ?? (variables["COFLUX_DATA_DIR"] || undefined);
  return {
    host: flags.host ?? (variables["COFLUX_HOST"] || undefined) ?? configured.host ?? defaultHost,
    port: flags.port ?? portOf(variables["COFLUX_PORT"]) ?? configured.port ?? DEFAULT_PORT,
    dataDirectory:
      dataDirectory === undefined && configured.dataDirectory !== undefined
        ? resolve(directory, configured.dataDirectory)
        : resolve(workingDirectory, dataDirectory ?? defaultDataDirectory),
    allowsOpenAddress: !flags.auth,
    ...(flags.idleTimeout === undefined ? {} : { idleTimeoutMs: flags.idleTimeout }),
    ...(flags.sessionLease === undefined ? {} : { sessionLeaseMs: flags.sessionLease }),
    ...(flags.heapLimit === undefined ? {} : { heapLimitMb: flags.heapLimit }),
    ...(flags.memoryLimit === undefined ? {} : { rssLimitMb: flags.memoryLimit }),
  };
}

function portOf(text: string | undefined): number | undefined {
  if (!text) return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= PORT_LIMIT) return port;
  throw usageError(`COFLUX_PORT is ${JSON.stringify(text)}, which is no port`);
}
