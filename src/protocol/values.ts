import { exhaustive } from "../base/exhaustive.ts";
import { BLOB_LIMIT_BYTES, FRAME_LIMIT_BYTES, ID_LIMIT, REFERENCES_LIMIT, TARGET_PATH_LIMIT } from "./limits.ts";
import { type Field, ShapeError, asArray, integer, list, text } from "./shape.ts";

/** What a value points at. The server finds the references of a value here, without understanding the value. */
export type Reference =
  | { readonly kind: "execution"; readonly id: string; readonly target: string }
  | { readonly kind: "asset"; readonly id: string }
  | { readonly kind: "blob"; readonly key: string; readonly size: number };

/**
 * A user value on its way and at rest: the text of the value format (docs/value-format.md), inline or as a blob, beside what it refers to.
 * Only the two ends encode and decode it; gateway and orchestrator carry it as it is.
 */
export type Value =
  | { readonly kind: "inline"; readonly data: string; readonly references: readonly Reference[] }
  | BlobValue;

export interface BlobValue {
  readonly kind: "blob";
  readonly key: string;
  /** In bytes. */
  readonly size: number;
  readonly references: readonly Reference[];
}

/** On the wire: `["e", id, target]`, `["a", id]` or `["b", key, size]`. */
export const referenceField: Field<Reference> = {
  pack(reference) {
    switch (reference.kind) {
      case "execution":
        return ["e", reference.id, reference.target];
      case "asset":
        return ["a", reference.id];
      case "blob":
        return ["b", reference.key, reference.size];
      default:
        return exhaustive(reference);
    }
  },
  parse(input, path) {
    const [tag, ...rest] = asArray(input, path);
    switch (tag) {
      case "e":
        return { kind: "execution", id: idText.parse(rest[0], path), target: targetText.parse(rest[1], path) };
      case "a":
        return { kind: "asset", id: idText.parse(rest[0], path) };
      case "b":
        return { kind: "blob", key: idText.parse(rest[0], path), size: blobSize.parse(rest[1], path) };
      default:
        throw new ShapeError(path, "a reference");
    }
  },
};

const idText = text(ID_LIMIT);
const targetText = text(TARGET_PATH_LIMIT);
const blobSize = integer(0, BLOB_LIMIT_BYTES);
const dataText = text(FRAME_LIMIT_BYTES);
const references = list(referenceField, REFERENCES_LIMIT);

/** On the wire: the text alone, `[text, references]`, or `[key, size, references]` for a blob. */
export const valueField: Field<Value> = {
  pack(value) {
    if (value.kind === "blob") return [value.key, value.size, references.pack(value.references)];
    return value.references.length === 0 ? value.data : [value.data, references.pack(value.references)];
  },
  parse(input, path) {
    if (typeof input === "string") return { kind: "inline", data: dataText.parse(input, path), references: [] };
    const parts = asArray(input, path);
    if (parts.length === 2) {
      return { kind: "inline", data: dataText.parse(parts[0], path), references: references.parse(parts[1], path) };
    }
    return {
      kind: "blob",
      key: idText.parse(parts[0], path),
      size: blobSize.parse(parts[1], path),
      references: references.parse(parts[2], path),
    };
  },
};
