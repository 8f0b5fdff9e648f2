// Where a server and what it serves are found.

export const DEFAULT_PORT = 7777;

/** An environment, and the server that it is on. */
export interface Place {
  /** `http://` or `https://`; whether it ends in a slash does not matter. */
  readonly url: string;
  readonly project: string;
  readonly environment: string;
}

/** Where everybody works who is told nothing else. */
export const defaultPlace: Place = {
  url: `http://127.0.0.1:${DEFAULT_PORT}`,
  project: "default",
  environment: "development",
};

/** A path (`/api/…`) at a server. */
export function httpAddress(url: string, path: string): string {
  return `${url.replace(/\/+$/, "")}${path}`;
}

/** The same for a WebSocket. */
export function socketAddress(url: string, path: string): string {
  return httpAddress(url, path).replace(/^http/, "ws");
}

/** Under which all of an environment lies: its runs, blobs, topics. */
export function environmentPath({ project, environment }: Omit<Place, "url">): string {
  return `/api/projects/${encodeURIComponent(project)}/environments/${encodeURIComponent(environment)}`;
}

/** Where agents of an environment connect to. */
export function agentAddress({ url, project, environment }: Place): string {
  return socketAddress(url, `/agent?${new URLSearchParams({ project, environment }).toString()}`);
}
