import { type Field, type Of, ShapeError, asArray } from "./shape.ts";

/** The fields of a message in the order in which they travel. */
type Fields = Readonly<Record<string, Field<unknown>>>;

export interface Message<F extends Fields> {
  /** What stands first in the array; never given to another message. */
  readonly code: number;
  readonly fields: F;
}

/** All messages of one direction, by kind. */
export type Catalog = Readonly<Record<string, Message<Fields>>>;

/** The union of all messages of a catalog: `{ kind, …fields }`. */
export type MessageOf<C extends Catalog> = {
  [K in keyof C]: { readonly kind: K } & { readonly [F in keyof C[K]["fields"]]: Of<C[K]["fields"][F]> };
}[keyof C];

export function message<F extends Fields>(code: number, fields: F): Message<F> {
  return { code, fields };
}

/** Makes the function that turns a message of the catalog into the array that travels. */
export function encoder<C extends Catalog>(catalog: C): (message: MessageOf<C>) => unknown[] {
  const plans = new Map(
    Object.entries(catalog).map(([kind, { code, fields }]) => [kind, { code, fields: Object.entries(fields) }]),
  );
  return (message) => {
    const plan = plans.get(String(message.kind));
    if (!plan) throw new Error(`no message ${String(message.kind)} in this catalog`);
    const members = message as Readonly<Record<string, unknown>>; // The catalog that gave the type is the one read here.
    const packed: unknown[] = [plan.code];
    for (const [name, field] of plan.fields) packed.push(field.pack(members[name]));
    return packed;
  };
}

/** Makes the function that checks an array that arrived and names its parts; it throws a ShapeError that says what is wrong. */
export function decoder<C extends Catalog>(catalog: C): (input: unknown) => MessageOf<C> {
  const plans = new Map(
    Object.entries(catalog).map(([kind, { code, fields }]) => [code, { kind, fields: Object.entries(fields) }]),
  );
  return (input) => {
    const packed = asArray(input, "message");
    const plan = typeof packed[0] === "number" ? plans.get(packed[0]) : undefined;
    if (!plan) throw new ShapeError("message", "of a known kind");
    const members: Record<string, unknown> = { kind: plan.kind };
    let position = 1;
    for (const [name, field] of plan.fields) members[name] = field.parse(packed[position++], `${plan.kind}.${name}`);
    return members as MessageOf<C>; // Built from the catalog that gives the type.
  };
}
