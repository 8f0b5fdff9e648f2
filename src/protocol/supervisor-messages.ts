import * as z from "zod";
import { processStates } from "./views.ts";
import type { EnvironmentView, ProcessesView, ProjectView } from "./views.ts";

// The lifecycle channel between the supervisor and each of its children: JSON over the IPC channel that execa opens. Small and rare; nothing
// of what agents or clients say passes here.

const failure = z.object({
  code: z.string(),
  message: z.string(),
  details: z.record(z.string(), z.unknown()).exactOptional(),
});
const environmentRef = z.object({ project: z.string(), environment: z.string() });
const ms = z.number();

/** Why a child gives up by itself; `corrupt_database` and `newer_schema` quarantine its environment at once. */
export const fatalCodes = [
  "corrupt_database",
  "newer_schema",
  "locked",
  "storage_failed",
  "history_regressed",
  "bug",
] as const;
export type FatalCode = (typeof fatalCodes)[number];

/** Child to supervisor. */
export const childMessage = z.discriminatedUnion("kind", [
  /** The first word: the process is up and its code is loaded. */
  z.object({ kind: z.literal("hello"), pid: z.int() }),
  /** Still starting, and not stuck: extends the time allowed for the start. */
  z.object({ kind: z.literal("progress"), phase: z.string(), percent: z.number().nullable() }),
  /** It serves. `epoch` counts the starts of an environment's orchestrator; null for the gateway. */
  z.object({ kind: z.literal("ready"), epoch: z.int().nullable() }),
  /** The answer to a ping, with how late the child's event loop has been since the last one. */
  z.object({ kind: z.literal("pong"), sequence: z.int(), eventLoopLagMs: ms }),
  /**
   * What an orchestrator has to do, whenever it changes: whether it is idle (no session, no client, nothing due soon), when it must be up
   * again (null: never by itself), and what the list of environments shows.
   */
  z.object({ kind: z.literal("activity"), isIdle: z.boolean(), nextWakeAt: ms.nullable(), isPaused: z.boolean() }),
  /** It ends because of this; sent just before the exit. */
  z.object({ kind: z.literal("fatal"), code: z.enum(fatalCodes), message: z.string() }),
  /** The gateway asks; answered by `reply` with the same id. */
  z.object({ kind: z.literal("request"), id: z.int(), name: z.string(), params: z.unknown() }),
]);
export type ChildMessage = z.infer<typeof childMessage>;

/** Supervisor to child. */
export const supervisorMessage = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("ping"), sequence: z.int() }),
  /** Finish what is under way and take nothing new; the child exits with 0 when it is done, at the latest after `withinMs`. */
  z.object({ kind: z.literal("drain"), withinMs: ms }),
  z.discriminatedUnion("ok", [
    z.object({ kind: z.literal("reply"), id: z.int(), ok: z.literal(true), value: z.unknown() }),
    z.object({ kind: z.literal("reply"), id: z.int(), ok: z.literal(false), error: failure }),
  ]),
  /** To the gateway, whenever an orchestrator's state changes: where to reach it, or why not. */
  z.object({
    kind: z.literal("environment"),
    project: z.string(),
    environment: z.string(),
    state: z.enum(processStates),
    /** The Unix-domain socket, while it is ready. */
    socketPath: z.string().nullable(),
    epoch: z.int().nullable(),
    reason: z.string().nullable(),
    /** It is ready, but its event loop has been silent for long. */
    isUnresponsive: z.boolean(),
    /** False once the environment is archived or deleted: no agent is let in. */
    exists: z.boolean(),
  }),
]);
export type SupervisorMessage = z.infer<typeof supervisorMessage>;

/** How a child is told what it is, as JSON in its `--config` argument. Nothing here is secret. */
export const orchestratorConfig = z.object({
  project: z.string(),
  environment: z.string(),
  /** Directory of environment.db and lock.db. */
  directory: z.string(),
  socketPath: z.string(),
  /** After so long without session, client or anything due: idle. 0: never. */
  idleTimeoutMs: ms,
  /** How long a session lives after its last sign of life; told to agents in `welcome`. `server start --session-lease`, default LEASE_MS. */
  leaseMs: ms,
  /** It was archived: whatever is still under way in it ends before the process is ready, and nothing begins. */
  isArchived: z.boolean(),
});
export type OrchestratorConfig = z.infer<typeof orchestratorConfig>;

export const gatewayConfig = z.object({
  /** The inherited descriptor of the listening socket, bound by the supervisor. */
  listenFd: z.int(),
  host: z.string(),
  port: z.int(),
  /** Blobs of an environment lie in `<dataDirectory>/<path of the environment>/blobs`; see `environmentDirectory`. */
  dataDirectory: z.string(),
});
export type GatewayConfig = z.infer<typeof gatewayConfig>;

/** Where an environment lies below the data directory. `/` in its name becomes `+`, which no name contains: no two collide, none leaves. */
export function environmentDirectory(project: string, environment: string): string {
  return `projects/${project}/${environment.replaceAll("/", "+")}`;
}

/** What the gateway asks the supervisor. */
export const supervisorRequests = {
  "list-projects": z.object({}),
  "create-project": z.object({ project: z.string() }),
  "delete-project": z.object({ project: z.string() }),
  "list-environments": z.object({ project: z.string() }),
  "create-environment": environmentRef.extend({ base: z.string().nullable() }),
  "show-environment": environmentRef,
  /** Decides at once and for good, or refuses; answers when nothing is under way in it any more. May be repeated. */
  "archive-environment": environmentRef,
  /** What its orchestrator has just committed, told so that it shows at once: the orchestrator itself reports a little later. */
  "note-paused": environmentRef.extend({ isPaused: z.boolean() }),
  "delete-environment": environmentRef,
  /** Answers when the new process is ready; lifts a quarantine. */
  "restart-environment": environmentRef,
  /** Starts the orchestrator if it is not running; answers when it is ready, or why it will not be. */
  "ensure-environment": environmentRef,
  "list-processes": z.object({}),
} as const;

export type SupervisorRequestName = keyof typeof supervisorRequests;
export type SupervisorRequestParams<N extends SupervisorRequestName> = z.infer<(typeof supervisorRequests)[N]>;

export interface SupervisorResults {
  readonly "list-projects": { readonly projects: readonly ProjectView[] };
  readonly "create-project": ProjectView;
  readonly "delete-project": null;
  readonly "list-environments": { readonly environments: readonly EnvironmentView[] };
  readonly "create-environment": EnvironmentView;
  readonly "show-environment": EnvironmentView;
  readonly "archive-environment": null;
  readonly "note-paused": null;
  readonly "delete-environment": null;
  readonly "restart-environment": { readonly pid: number };
  readonly "ensure-environment": { readonly socketPath: string; readonly epoch: number };
  readonly "list-processes": ProcessesView;
}
