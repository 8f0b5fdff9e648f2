import type { ApiParts, RouteHandlers } from "../route-handlers.ts";
import { PRODUCT_VERSION, PROTOCOL_VERSION } from "../../../protocol/version.ts";
import { failure, ok } from "../../../base/result.ts";
import { READINESS_WAIT_MS } from "../../limits.ts";
import { within } from "../../../process/scope.ts";

/** The server itself: what it is, whether it lives, and its processes. */
export function serverRoutes(
  parts: ApiParts,
): RouteHandlers<"root" | "healthz" | "readyz" | "show-version" | "list-processes"> {
  const { supervisor, timers } = parts;
  return {
    root: async () =>
      ok({ name: "coflux", version: PRODUCT_VERSION, api: "/api/version", documentation: "docs/http-api.md" }),

    healthz: async () => ok({ status: "ok" }),

    async readyz() {
      const processes = await within(supervisor.request("list-processes", {}), READINESS_WAIT_MS, timers);
      if (processes?.ok) return ok({ status: "ready" });
      return failure({ code: "environment_unavailable", message: "the supervisor does not answer" });
    },

    "show-version": async () => ok({ version: PRODUCT_VERSION, protocol: PROTOCOL_VERSION }),

    "list-processes": () => supervisor.request("list-processes", {}),
  };
}
