import type { AgentOptions } from "../protocol/agent-run.ts";

type Place = Pick<AgentOptions, "url" | "project" | "environment">;

/** Where agents of an environment connect to. */
export function socketUrl({ url, project, environment }: Place): string {
  const query = new URLSearchParams({ project, environment });
  return `${withoutSlash(url).replace(/^http/, "ws")}/agent?${query.toString()}`;
}

/** Where the blobs of an environment lie, each as `/<key>`. */
export function blobsUrl({ url, project, environment }: Place): string {
  return `${withoutSlash(url)}/api/projects/${project}/environments/${encodeURIComponent(environment)}/blobs`;
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, "");
}
