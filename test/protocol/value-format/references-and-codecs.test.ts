import { expect, test } from "vitest";
import { type Codec, codecSymbol, declaresCodec, registerCodec } from "../../../src/protocol/value-format/codecs.ts";
import { decodeValue } from "../../../src/protocol/value-format/decode.ts";
import { encodeValue } from "../../../src/protocol/value-format/encode.ts";
import { OpaqueValue } from "../../../src/protocol/value-format/opaque-value.ts";

class Handle {
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }
}
const hooks = { reference: (candidate: object) => (candidate instanceof Handle ? candidate : undefined) };

class Money {
  static readonly [codecSymbol]: Codec<Money, [bigint, string]> = {
    name: "Money/1",
    encode: (money) => [money.pence, money.currency],
    decode: ([pence, currency]) => new Money(pence, currency),
  };
  readonly pence: bigint;
  readonly currency: string;
  constructor(pence: bigint, currency: string) {
    this.pence = pence;
    this.currency = currency;
  }
}

class Fraction {
  readonly numerator: number;
  private constructor(numerator: number) {
    this.numerator = numerator;
  }
  static of(numerator: number): Fraction {
    return new Fraction(numerator);
  }
}

test("handles become references by position, each once, and handles again", () => {
  const [a, b] = [new Handle("R1:1:1"), new Handle("R1:2:1")];
  const encoded = encodeValue({ b, list: [a, b], when: new Date(0) }, hooks);
  expect(encoded.references).toEqual([b, a]);
  expect(JSON.parse(encoded.data)).toMatchObject({
    b: { $: "ref", v: 0 },
    list: [
      { $: "ref", v: 1 },
      { $: "ref", v: 0 },
    ],
  });
  const decoded = decodeValue(encoded, { reference: (handle) => handle });
  expect(decoded).toEqual({ b, list: [a, b], when: new Date(0) });
});

test("a value with more references than the limit is refused", () => {
  const handles = Array.from({ length: 10_001 }, (_, index) => new Handle(String(index)));
  expect(() => encodeValue(handles, hooks)).toThrow("value[10000] is one reference more than the limit");
});

test("a reference without anybody to make a handle of it is refused", () => {
  expect(() => decodeValue(encodeValue([new Handle("x")], hooks))).toThrow(
    "value[0] is a reference, which has no meaning here",
  );
});

test("a class that declares a codec keeps its class", () => {
  const value = { price: new Money(1999n, "GBP") };
  const encoded = encodeValue(value);
  expect(encoded.data).toBe('{"price":{"$":"codec","v":["Money/1",[{"$":"bigint","v":"1999"},"GBP"]]}}');
  expect(decodeValue(encoded)).toStrictEqual(value);
  expect(declaresCodec(Money)).toBe(true);
});

test("a class that one does not own gets its codec from outside", () => {
  registerCodec(Fraction, {
    name: "Fraction/1",
    encode: (fraction: Fraction) => fraction.numerator,
    decode: (numerator: number) => Fraction.of(numerator),
  });
  expect(decodeValue(encodeValue([Fraction.of(3)]))).toStrictEqual([Fraction.of(3)]);
});

test("a subclass does not pass for its base class", () => {
  class Tip extends Money {}
  expect(() => encodeValue(new Tip(1n, "GBP"))).toThrow("class Tip, which has no codec");
});

test("an instance of an unknown class is passed on unchanged", () => {
  const data = '{"paid":{"$":"codec","v":["Unheard/2",{"amount":{"$":"bigint","v":"5"},"by":{"$":"ref","v":0}}]}}';
  const by = new Handle("R1:1:1");
  const decoded = decodeValue({ data, references: [by] }, { reference: (handle) => handle });
  expect(decoded).toMatchObject({ paid: { codec: "Unheard/2", payload: { amount: 5n, by } } });
  expect(decoded).toHaveProperty("paid", expect.any(OpaqueValue));
  expect(encodeValue(decoded, hooks)).toEqual({ data, references: [by] });
});

test("an opaque value of another copy of the package is one too", () => {
  const foreign = Object.defineProperty({ codec: "A/1", payload: 1 }, Symbol.for("coflux.OpaqueValue"), {
    value: true,
  });
  expect(foreign instanceof OpaqueValue).toBe(true);
});

test("a codec that fails says which and where", () => {
  class Broken {}
  const fail = (): never => {
    throw new Error("no ink");
  };
  registerCodec(Broken, { name: "Broken/1", encode: fail, decode: fail });
  expect(() => encodeValue([new Broken()])).toThrow(
    'value[0] could not be encoded by the codec "Broken/1": Error: no ink',
  );
  expect(() => decodeValue({ data: '[{"$":"codec","v":["Broken/1",0]}]', references: [] })).toThrow(
    'value[0] could not be decoded by the codec "Broken/1": Error: no ink',
  );
});

test("two classes cannot share the name of a codec", () => {
  class Cash {}
  const codec = { name: "Money/1", encode: () => 0, decode: () => new Cash() };
  encodeValue(new Money(1n, "GBP"));
  expect(() => registerCodec(Cash, codec)).toThrow('the codec name "Money/1" of class Cash is taken by class Money');
});

test("an incomplete codec is refused when it is registered", () => {
  class Half {}
  expect(() => registerCodec(Half)).toThrow("the codec of class Half needs a name");
});
