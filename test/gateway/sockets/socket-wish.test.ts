import { describe, expect, test } from "vitest";
import { isSocketPath, readWish } from "../../../src/gateway/sockets/socket-wish.ts";
import { AGENT_SUBPROTOCOL } from "../../../src/protocol/version.ts";

const here = { project: "default", environment: "development/joe" };

describe("a WebSocket is wanted", () => {
  test("by an agent, which names its environment and the protocol it speaks", () => {
    const wish = readWish("/agent?project=default&environment=development%2Fjoe", `chat, ${AGENT_SUBPROTOCOL}`);
    expect(wish).toEqual({ ok: true, value: { use: "frames", ref: here } });
  });

  test("by a subscriber, of the environment in its path", () => {
    const wish = readWish("/api/projects/default/environments/development%2Fjoe/topics?fresh=1", "");
    expect(wish).toEqual({ ok: true, value: { use: "patches", ref: here } });
  });

  test.each([
    ["a protocol that is not spoken here", "/agent?project=p&environment=e", "chat", "protocol_mismatch"],
    ["no protocol", "/agent?project=p&environment=e", "", "protocol_mismatch"],
    ["no environment", "/agent?project=p", AGENT_SUBPROTOCOL, "invalid_request"],
    ["two projects", "/agent?project=p&project=q&environment=e", AGENT_SUBPROTOCOL, "invalid_request"],
    ["a path of no WebSocket", "/api/version", AGENT_SUBPROTOCOL, "not_found"],
  ])("in vain with %s", (_, address, protocols, code) => {
    expect(readWish(address, protocols)).toMatchObject({ ok: false, error: { code } });
  });

  test("what is no percent-encoding names an environment that is not there, and breaks nothing", () => {
    const wish = readWish("/api/projects/default/environments/%E0%A4%A/topics", "");
    expect(wish).toMatchObject({ ok: true, value: { ref: { environment: "%E0%A4%A" } } });
  });
});

test.each([
  ["/agent", true],
  ["/api/projects/p/environments/e/topics", true],
  ["/api/projects/p/environments/e/runs", false],
  ["/agents", false],
])("%s is opened as a WebSocket only: %s", (path, expected) => {
  expect(isSocketPath(path)).toBe(expected);
});
