import type { ChildContext } from "../process/child-entry.ts";
import type { GatewayConfig } from "../protocol/supervisor-messages.ts";

/** What the gateway asks the supervisor and hears from it. */
export type SupervisorPort = Pick<ChildContext<GatewayConfig>, "request" | "onEnvironment">;
