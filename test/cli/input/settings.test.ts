import { expect, test } from "vitest";
import { placeFlags, resolvePlace } from "../../../src/cli/input/settings.ts";

const none = { flags: {}, variables: {}, config: {} };

test("without any source a command works in default/development on this machine", () => {
  expect(resolvePlace(none)).toEqual({
    ok: true,
    value: { url: "http://127.0.0.1:7777", project: "default", environment: "development" },
  });
});

test("a flag goes before a variable, a variable before the configuration", () => {
  const config = { url: "http://config", project: "config", environment: "config" };
  const variables = { COFLUX_URL: "http://variable", COFLUX_PROJECT: "variable", COFLUX_ENVIRONMENT: "" };
  expect(resolvePlace({ flags: { url: "http://flag" }, variables, config })).toEqual({
    ok: true,
    value: { url: "http://flag", project: "variable", environment: "config" },
  });
});

test.each([
  [{ ...none, flags: { url: "localhost:7777" } }, "--url"],
  [{ ...none, variables: { COFLUX_PROJECT: "No Such" } }, "COFLUX_PROJECT"],
  [{ ...none, config: { environment: "/x" } }, "environment in the configuration"],
])("what names no place is refused with where it comes from (%#)", (sources, origin) => {
  const resolved = resolvePlace(sources);
  expect(resolved.ok).toBe(false);
  if (!resolved.ok) expect(resolved.error).toMatch(new RegExp(`^${origin} is "`));
});

test("the next command is given the flags that were typed", () => {
  expect(placeFlags({})).toBe("");
  expect(placeFlags({ url: "http://a:1", environment: "x/y" })).toBe(" --url http://a:1 -e x/y");
});
