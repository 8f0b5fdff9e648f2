import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { decodeValue } from "../../../src/protocol/value-format/decode.ts";
import { encodeValue } from "../../../src/protocol/value-format/encode.ts";
import { NODES_LIMIT, BIGINT_DIGITS_LIMIT } from "../../../src/protocol/value-format/limits.ts";
import { BLOB_THRESHOLD_BYTES, DEPTH_LIMIT, REFERENCES_LIMIT } from "../../../src/protocol/limits.ts";

const page = readFileSync(new URL("../../../docs/value-format.md", import.meta.url), "utf8");
const tableForms = [...page.matchAll(/^\| [^|]+ \| `(\{"\$".*?\})` \|/gm)].map(([, form]) => form ?? "");
const blockLines = [...page.matchAll(/```json\n(.*?)```/gs)].flatMap(([, block]) => (block ?? "").trim().split("\n"));

class Handle {}

function asHandle(candidate: object): Handle | undefined {
  return candidate instanceof Handle ? candidate : undefined;
}

describe("docs/value-format.md", () => {
  test("has an example of every tag", () => {
    expect(tableForms.length).toBe(14);
    expect(blockLines.length).toBe(4);
  });

  test.each([...tableForms, ...blockLines])("shows what is written: %s", (data) => {
    const references = [new Handle()];
    const value = decodeValue({ data, references }, { reference: (handle) => handle });
    expect(encodeValue(value, { reference: asHandle }).data).toBe(data);
  });

  test("states the limits that hold", () => {
    const limits = [DEPTH_LIMIT, REFERENCES_LIMIT, NODES_LIMIT, BIGINT_DIGITS_LIMIT, BLOB_THRESHOLD_BYTES];
    for (const limit of limits) expect(page).toContain(`| ${limit.toLocaleString("en")} |`);
  });
});
