import { expect, test } from "vitest";
import { connectionLimit } from "../../../src/gateway/http/connections.ts";

test.each([
  ["Max open files            1024                 524288               files", 819],
  ["Max open files            1048576              1048576              files", 10_000],
  ["Max open files            unlimited            unlimited            files", 10_000],
  [null, 10_000],
])("%j leaves room for %d connections", (limits, connections) => {
  expect(connectionLimit(limits)).toBe(connections);
});
