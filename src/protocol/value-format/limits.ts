// Limits of the value format. The depth (DEPTH_LIMIT) and the number of references (REFERENCES_LIMIT) stand in ../limits.ts: the HTTP API
// holds JSON to the same ones.

/** Most objects, arrays and collections in one value. What is used in several places is written several times, and that can explode. */
export const NODES_LIMIT = 10_000_000;

/** Most digits of a bigint: turning decimal digits into a bigint takes more than linear time. */
export const BIGINT_DIGITS_LIMIT = 100_000;

/** Longest name of a codec, in characters. */
export const CODEC_NAME_LIMIT = 200;

/** Own properties of a thrown error, encoded together, in UTF-16 units; those that do not fit are left out. */
export const ERROR_PROPERTIES_LIMIT = 65_536;

/** Most errors that are kept of one thrown error with all its causes and members. */
export const ERRORS_LIMIT = 100;

/** Levels of JSON under one level of a value: a tag, its payload, an entry of a map. */
export const JSON_LEVELS_PER_LEVEL = 3;
