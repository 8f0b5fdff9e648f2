import { expect, test } from "vitest";
import { isAllowedHost, isOwnOrigin } from "../../../src/gateway/http/allowed-hosts.ts";

test.each([
  ["localhost:7777", "127.0.0.1", true],
  ["LOCALHOST", "127.0.0.1", true],
  ["localhost.", "127.0.0.1", true],
  ["coflux.localhost:7777", "127.0.0.1", true],
  ["127.0.0.1:7777", "127.0.0.1", true],
  ["127.9.9.9", "127.0.0.1", true],
  ["[::1]:7777", "127.0.0.1", true],
  ["coflux.internal:7777", "coflux.internal", true],
  ["10.0.0.5:7777", "10.0.0.5", true],
  ["[fd00::5]:7777", "fd00::5", true],
  ["192.168.1.4:7777", "0.0.0.0", true],
  ["[fd00::5]", "::", true],
  ["evil.example", "127.0.0.1", false],
  ["evil.example", "0.0.0.0", false],
  ["localhost.evil.example", "127.0.0.1", false],
  ["evillocalhost", "127.0.0.1", false],
  ["127.0.0.1.evil.example", "127.0.0.1", false],
  ["127.evil", "127.0.0.1", false],
  ["192.168.1.4", "127.0.0.1", false],
  ["", "127.0.0.1", false],
  ["localhost:port", "127.0.0.1", false],
  ["localhost@evil.example", "127.0.0.1", false],
  ["[::1", "127.0.0.1", false],
  ["[nonsense]", "127.0.0.1", false],
])("Host %j of a server started with %s: %s", (host, configured, isAllowed) => {
  expect(isAllowedHost(host, configured)).toBe(isAllowed);
});

test.each([
  ["http://127.0.0.1:7777", "127.0.0.1:7777", true],
  ["https://coflux.internal", "coflux.internal", true],
  ["http://LOCALHOST:7777", "localhost:7777", true],
  ["http://localhost:7778", "localhost:7777", false],
  ["http://localhost", "localhost:7777", false],
  ["http://evil.example", "localhost:7777", false],
  ["http://localhost:7777.evil.example", "localhost:7777", false],
  ["http://evil.example/localhost:7777", "localhost:7777", false],
  ["http://evil.example#@localhost:7777", "localhost:7777", false],
  ["http://user@localhost:7777", "localhost:7777", false],
  ["file://", "localhost:7777", false],
  ["null", "localhost:7777", false],
  ["", "localhost:7777", false],
])("Origin %j on a request to %s is its own: %s", (origin, host, isOwn) => {
  expect(isOwnOrigin(origin, host)).toBe(isOwn);
});
