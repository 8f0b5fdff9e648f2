import { createHash } from "node:crypto";
import type { RequestName, RequestResults } from "../../../src/protocol/orchestrator-requests.ts";
import type { RouteName } from "../../../src/protocol/http-api.ts";

// One request for each route, as the page of the HTTP API shows it, and what the orchestrator answers to it. The page is what the gateway
// really answers.

export interface Example {
  /** The address with its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const E = "/api/projects/default/environments/development";
const run = "Rk7mQx4pT";
const blob = "hello, blob\n";
const key = createHash("sha256").update(blob).digest("hex");

export const examples: Readonly<Record<RouteName, Example>> = {
  root: { path: "/" },
  healthz: { path: "/healthz" },
  readyz: { path: "/readyz" },
  "show-version": { path: "/api/version" },
  "list-processes": { path: "/api/processes" },
  "list-projects": { path: "/api/projects" },
  "create-project": { path: "/api/projects", body: { id: "shop" } },
  "show-project": { path: "/api/projects/shop" },
  "delete-project": { path: "/api/projects/shop" },
  "list-environments": { path: "/api/projects/default/environments" },
  "create-environment": {
    path: "/api/projects/default/environments",
    body: { name: "development/joe", base: "development" },
  },
  "show-environment": { path: "/api/projects/default/environments/development%2Fjoe" },
  "delete-environment": { path: "/api/projects/default/environments/development%2Fold" },
  "restart-environment": { path: `${E}/restart` },
  "pause-environment": { path: `${E}/pause` },
  "resume-environment": { path: `${E}/resume` },
  "archive-environment": { path: "/api/projects/default/environments/development%2Fold/archive" },
  "list-repositories": { path: `${E}/repositories` },
  "list-agents": { path: `${E}/agents` },
  "drain-agent": { path: `${E}/agents/Sq5dK2mVx8RtP/drain` },
  "start-run": {
    path: `${E}/runs`,
    headers: { "idempotency-key": "order-4711" },
    body: {
      target: "flows/orders/checkout",
      arguments: [{ order: 4711, at: { $: "date", v: "2026-01-05T10:00:00.000Z" } }],
    },
  },
  "list-runs": { path: `${E}/runs?status=succeeded&limit=1` },
  "get-run": { path: `${E}/runs/${run}` },
  "get-result": { path: `${E}/runs/${run}/result?waitMs=30000` },
  "cancel-run": { path: `${E}/runs/${run}/cancel` },
  "cancel-execution": { path: `${E}/executions/${run}:2:1/cancel` },
  "rerun-step": { path: `${E}/steps/${run}:2/rerun` },
  "get-logs": { path: `${E}/runs/${run}/logs?level=info&limit=1` },
  "put-blob": { path: `${E}/blobs/${key}`, body: blob },
  "get-blob": { path: `${E}/blobs/${key}` },
};

const summary = {
  id: run,
  target: "flows/orders/checkout",
  status: "succeeded",
  createdAt: 1_767_607_200_000,
  completedAt: 1_767_607_200_950,
  parent: null,
} as const;

const execution = {
  attempt: 1,
  status: "succeeded",
  createdAt: 1_767_607_200_000,
  executeAfter: null,
  assignedAt: 1_767_607_200_004,
  completedAt: 1_767_607_200_950,
  sessionId: "Sq5dK2mVx8RtP",
  dependencies: [],
  reason: null,
  ignored: [],
} as const;

const nothing = { retries: null, timeoutMs: null, delayMs: null, priority: null, isolation: null };

export const replies: { readonly [N in RequestName]: RequestResults[N] } = {
  "start-run": { runId: run, stepId: `${run}:1`, executionId: `${run}:1:1`, isNew: true },
  "list-runs": { runs: [summary], cursor: "31" },
  "get-run": {
    ...summary,
    idempotencyKey: "order-4711",
    steps: [
      {
        id: `${run}:1`,
        target: "flows/orders/checkout",
        type: "workflow",
        parentId: null,
        createdAt: 1_767_607_200_000,
        arguments: [{ order: 4711, at: { $: "date", v: "2026-01-05T10:00:00.000Z" } }],
        executions: [
          {
            ...execution,
            id: `${run}:1:1`,
            result: { status: "succeeded", value: { paid: true } },
            children: [`${run}:2:1`],
            dependencies: [`${run}:2:1`],
          },
        ],
      },
      {
        id: `${run}:2`,
        target: "flows/orders/charge",
        type: "task",
        parentId: `${run}:1:1`,
        createdAt: 1_767_607_200_010,
        arguments: [4711],
        executions: [{ ...execution, id: `${run}:2:1`, result: { status: "succeeded", value: true }, children: [] }],
      },
    ],
  },
  "get-result": { status: "succeeded", value: { paid: true } },
  "cancel-run": null,
  "cancel-execution": null,
  "rerun-step": { executionId: `${run}:2:2`, attempt: 2 },
  "get-logs": {
    logs: [
      {
        executionId: `${run}:2:1`,
        sequence: 1,
        timestamp: 1_767_607_200_420,
        level: "info",
        template: "charging order {order}",
        values: { order: 4711 },
      },
    ],
    cursor: "87",
  },
  "list-repositories": {
    repositories: [
      {
        name: "flows/orders",
        version: "5f1d0a7c92be4e63",
        targets: [
          {
            name: "checkout",
            type: "workflow",
            description: "Takes an order to its end.",
            parameters: [{ name: "order", isOptional: false, isRest: false }],
            options: nothing,
            agents: ["Sq5dK2mVx8RtP"],
          },
        ],
        agents: ["Sq5dK2mVx8RtP"],
      },
    ],
  },
  "list-agents": {
    agents: [
      {
        sessionId: "Sq5dK2mVx8RtP",
        connected: true,
        draining: false,
        repositories: ["flows/orders"],
        concurrency: 100,
        running: 3,
        waiting: 1,
        provides: {},
        host: "worker-1",
        pid: 4_242,
        version: "0.1.0",
        createdAt: 1_767_600_000_000,
      },
    ],
  },
  "drain-agent": null,
  pause: null,
  resume: null,
};
