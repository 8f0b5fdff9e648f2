/** The version of the product, as `coflux --version` and `GET /api/version` show it. Kept equal to package.json by a test. */
export const PRODUCT_VERSION = "0.1.0";

/**
 * The version of what processes say to each other. An agent and a server understand each other when their versions are equal; the server
 * refuses any other with `protocol_mismatch`, and the agent keeps retrying slowly, so that either side can be upgraded first.
 */
export const PROTOCOL_VERSION = 1;

/** The WebSocket sub-protocol that an agent must ask for. */
export const AGENT_SUBPROTOCOL = "coflux.agent.v1";
