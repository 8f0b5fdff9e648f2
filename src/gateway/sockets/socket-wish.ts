import { type Result, failure, ok } from "../../base/result.ts";
import { AGENT_SUBPROTOCOL } from "../../protocol/version.ts";
import type { EnvironmentRef } from "../environment-link.ts";
import type { Failure } from "../../protocol/error-codes.ts";
import type { SocketUse } from "./vitals.ts";
import { invalidField } from "../../protocol/failures.ts";

/** A WebSocket that somebody wants: of an agent, or of a page that shows live views. */
export interface SocketWish {
  readonly use: SocketUse;
  readonly ref: EnvironmentRef;
}

const agentPath = "/agent";
const topicsPattern = /^\/api\/projects\/([^/]+)\/environments\/([^/]+)\/topics$/;

/** Whether a path is opened as a WebSocket only. */
export function isSocketPath(path: string): boolean {
  return path === agentPath || topicsPattern.test(path);
}

/** `address`: path and query; `protocols`: the sub-protocols that the client offers, as its header lists them. */
export function readWish(address: string, protocols: string): Result<SocketWish, Failure> {
  const [path = "", query = ""] = address.split("?", 2);
  if (path === agentPath) return readAgentWish(query, protocols);
  const [, project, environment] = topicsPattern.exec(path) ?? [];
  if (project === undefined || environment === undefined) {
    return failure({ code: "not_found", message: `no WebSocket is taken at ${path.slice(0, 200)}` });
  }
  return ok({ use: "patches", ref: { project: decode(project), environment: decode(environment) } });
}

function readAgentWish(query: string, protocols: string): Result<SocketWish, Failure> {
  const offered = protocols.split(",").map((protocol) => protocol.trim());
  if (!offered.includes(AGENT_SUBPROTOCOL)) {
    const message = `this server speaks the sub-protocol ${AGENT_SUBPROTOCOL}; offered: ${protocols.slice(0, 200) || "none"}`;
    return failure({ code: "protocol_mismatch", message });
  }
  const parameters = new URLSearchParams(query);
  const [project, ...moreProjects] = parameters.getAll("project");
  const [environment, ...moreEnvironments] = parameters.getAll("environment");
  if (project === undefined || moreProjects.length > 0) return failure(once("project"));
  if (environment === undefined || moreEnvironments.length > 0) return failure(once("environment"));
  return ok({ use: "frames", ref: { project, environment } });
}

/** What is no percent-encoding is no name either. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function once(parameter: string): Failure {
  return invalidField(parameter, "name one, as in /agent?project=default&environment=development");
}
