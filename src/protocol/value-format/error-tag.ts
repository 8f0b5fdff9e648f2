import { addProperties, errorType, extraProperties, hide, makeError } from "./error-classes.ts";
import { type Json, isJsonObject } from "./json.ts";
import type { Tag } from "./tag.ts";

/**
 * `{type, message, stack}`, and where the error has them: `cause`, `errors` (of an AggregateError) and `properties`, its own enumerable ones.
 * An error that is a value, in contrast to one that is thrown, is held to the rule for values: what cannot be encoded is refused.
 */
export const errorTag: Tag<Error> = {
  name: "error",
  encode(error, parts) {
    const fields: Record<string, Json> = {
      type: errorType(error),
      message: String(error.message),
      stack: String(error.stack ?? ""),
    };
    if (Object.hasOwn(error, "cause")) fields["cause"] = parts.part(error.cause, "cause");
    const members = aggregated(error);
    if (members !== undefined) fields["errors"] = parts.part(members, "errors");
    const properties = extraProperties(error);
    if (properties.length > 0) fields["properties"] = parts.part(Object.fromEntries(properties), asItself);
    return fields;
  },
  decode(payload, parts) {
    const fields = isJsonObject(payload) ? payload : {};
    const { type, message, stack } = fields;
    if (typeof type !== "string" || typeof message !== "string" || typeof stack !== "string") {
      return parts.refuse("is malformed: an error has the texts type, message and stack");
    }
    const error = makeError({ type, message, stack });
    if (Object.hasOwn(fields, "cause")) hide(error, "cause", parts.part(fields["cause"], "cause"));
    if (Object.hasOwn(fields, "errors")) {
      const members = parts.part(fields["errors"], "errors");
      hide(error, "errors", Array.isArray(members) ? members : parts.refuse("is malformed: errors is a list"));
    }
    if (Object.hasOwn(fields, "properties")) {
      const properties = parts.part(fields["properties"], asItself);
      addProperties(error, isRecord(properties) ? properties : parts.refuse("is malformed: properties is an object"));
    }
    return error;
  },
};

/** The members of an AggregateError. */
export function aggregated(error: Error): unknown[] | undefined {
  return error instanceof AggregateError && Array.isArray(error.errors) ? error.errors : undefined;
}

/** Properties are reached on the error itself. */
function asItself(): string {
  return "";
}

function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
