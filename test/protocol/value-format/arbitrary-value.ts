import fc from "fast-check";

/** Of any UTF-16 units, so that there are lone surrogates among them: fast-check's own units are whole characters. */
const anyText = fc.oneof(
  fc.string(),
  fc.string({
    unit: fc.oneof(fc.nat(0xffff), fc.integer({ min: 0xd7f0, max: 0xe010 })).map((unit) => String.fromCharCode(unit)),
  }),
);

/** Names that tempt a careless implementation. */
const key = fc.oneof(
  anyText,
  fc.constantFrom("$", "v", "__proto__", "constructor", "toString", "toJSON", "0", "-1", ""),
);

const plainLeaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (number === 0 ? 0 : number)),
  anyText,
);

const binaryLeaf = fc.oneof(
  fc.uint8Array(),
  fc.uint8ClampedArray(),
  fc.int8Array(),
  fc.int16Array(),
  fc.uint16Array(),
  fc.int32Array(),
  fc.uint32Array(),
  fc.float32Array(),
  fc.float64Array(),
  fc.bigInt64Array(),
  fc.bigUint64Array(),
  fc.uint8Array().map((bytes) => bytes.slice().buffer),
  fc.uint8Array().map((bytes) => new DataView(bytes.slice().buffer)),
);

const richLeaf = fc.oneof(
  fc.constantFrom(undefined, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0),
  fc.bigInt(),
  fc.date({ noInvalidDate: true }), // Node 20 takes no invalid date for equal to another; its form is tested by itself.
  fc.constantFrom("", "gi", "u", "dsy").map((flags) => new RegExp("a(.)[b/\n]", flags)),
  fc.nat({ max: 9 }).map((lastIndex) => Object.assign(/x/g, { lastIndex })),
  fc.webUrl().map((text) => new URL(text)),
  binaryLeaf,
);

const errorClasses = [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError];

function errorOf(part: fc.Arbitrary<unknown>): fc.Arbitrary<Error> {
  const anyClass = fc.constantFrom(...errorClasses);
  const properties = fc.dictionary(fc.constantFrom("code", "$", "__proto__"), part);
  return fc.oneof(
    fc.tuple(anyClass, fc.string(), part, properties).map(([errorClass, message, cause, more]) => {
      const error = new errorClass(message, { cause });
      for (const [name, value] of Object.entries(more)) {
        Object.defineProperty(error, name, { value, enumerable: true, configurable: true, writable: true });
      }
      return error;
    }),
    fc.tuple(fc.array(part), fc.string()).map(([members, message]) => new AggregateError(members, message)),
  );
}

function valueOf(leaf: fc.Arbitrary<unknown>, branches: (part: fc.Arbitrary<unknown>) => fc.Arbitrary<unknown>[]) {
  return fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof({ maxDepth: 4, withCrossShrink: true }, leaf, ...branches(tie("value"))),
  })).value;
}

/** What JSON itself can hold. */
export const plainValue = valueOf(plainLeaf, (part) => [
  fc.array(part),
  fc.dictionary(key, part, { noNullPrototype: true }),
]);

/** Everything that the format can hold without codecs and references. */
export const anyValue = valueOf(fc.oneof(plainLeaf, richLeaf), (part) => [
  fc.array(part),
  fc.dictionary(key, part), // With and without a prototype.
  fc.array(fc.tuple(part, part)).map((entries) => new Map(entries)),
  fc.array(part).map((members) => new Set(members)),
  errorOf(part),
]);
