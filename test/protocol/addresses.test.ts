import { expect, test } from "vitest";
import { agentAddress, environmentPath, httpAddress, socketAddress } from "../../src/protocol/addresses.ts";

test.each(["http://h:1", "http://h:1/", "http://h:1//"])("a path is put behind %s with one slash", (url) => {
  expect(httpAddress(url, "/api")).toBe("http://h:1/api");
  expect(socketAddress(url, "/api")).toBe("ws://h:1/api");
});

test("a server that speaks HTTPS is spoken to over secure sockets, below the path it is served from", () => {
  expect(socketAddress("https://h/coflux/", "/agent")).toBe("wss://h/coflux/agent");
});

test("names are written so that none of their characters means something else", () => {
  const place = { url: "http://h", project: "shop", environment: "feature/a&b" };
  expect(environmentPath(place)).toBe("/api/projects/shop/environments/feature%2Fa%26b");
  expect(agentAddress(place)).toBe("ws://h/agent?project=shop&environment=feature%2Fa%26b");
});
