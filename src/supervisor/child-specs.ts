import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Ms } from "../base/clock.ts";
import { type GatewayConfig, type OrchestratorConfig, environmentDirectory } from "../protocol/supervisor-messages.ts";
import { environmentKey } from "../protocol/names.ts";
import type { ChildSpec } from "./child-process.ts";
import { GATEWAY_OOM_SCORE, ORCHESTRATOR_OOM_SCORE } from "./limits.ts";
import type { ListeningSocket } from "./listening-socket.ts";
import type { EnvironmentRecord } from "./registry.ts";
import type { RuntimeDirectory } from "./runtime-directory.ts";

/** Paths of the bundles that play the children. */
export interface Programs {
  readonly gateway: string;
  readonly orchestrator: string;
}

export interface OrchestratorSettings {
  readonly idleTimeoutMs: Ms;
  readonly leaseMs: Ms;
  readonly heapLimitMb: number;
  readonly rssLimitMb: number;
}

/** The descriptor under which a gateway finds the listening socket. */
const LISTEN_DESCRIPTOR = 3;

/** What the specs of all children are made of. */
export interface SpecParts {
  readonly programs: Programs;
  readonly dataDirectory: string;
  /** The address the server was started with. */
  readonly host: string;
  readonly socket: ListeningSocket;
  readonly runtime: RuntimeDirectory;
  readonly settings: OrchestratorSettings;
}

export function gatewaySpec({ programs, dataDirectory, host, socket }: SpecParts): ChildSpec {
  const config: GatewayConfig = { listenFd: LISTEN_DESCRIPTOR, host, port: socket.port, dataDirectory };
  return {
    name: "gateway",
    role: "gateway",
    program: programs.gateway,
    config: () => config,
    heapLimitMb: null,
    rssLimitBytes: null,
    logPath: join(dataDirectory, "logs", "gateway.log"),
    directory: dataDirectory,
    inheritedDescriptor: socket.descriptor,
    oomScore: GATEWAY_OOM_SCORE,
    prepare: () => undefined,
  };
}

/** `isArchived`: as it is when a process is started. */
export function orchestratorSpec(parts: SpecParts, record: EnvironmentRecord, isArchived: () => boolean): ChildSpec {
  const { programs, dataDirectory, runtime, settings } = parts;
  const { id, project, name } = record;
  const key = environmentKey(project, name);
  const directory = join(dataDirectory, environmentDirectory(project, name));
  const config = (): OrchestratorConfig => ({
    project,
    environment: name,
    directory,
    socketPath: runtime.socketPath(id),
    idleTimeoutMs: settings.idleTimeoutMs,
    leaseMs: settings.leaseMs,
    isArchived: isArchived(),
  });
  return {
    name: key,
    role: "orchestrator",
    program: programs.orchestrator,
    config,
    heapLimitMb: settings.heapLimitMb,
    rssLimitBytes: settings.rssLimitMb * 1_048_576,
    logPath: join(dataDirectory, "logs", `${key.replaceAll("/", "+")}.log`),
    directory,
    inheritedDescriptor: null,
    oomScore: ORCHESTRATOR_OOM_SCORE,
    prepare() {
      mkdirSync(directory, { recursive: true });
      runtime.prepareSocket(id);
    },
  };
}
