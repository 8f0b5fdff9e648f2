import { blobFromApi, valueFromApi } from "../../protocol/value-format/api-form.ts";
import { type PutBlob, fitsBody, storeLarge } from "../../sdk/large-arguments.ts";
import { refusedError } from "../command-error.ts";
import type { Api } from "./api.ts";

/** The body of a start: its arguments, or one object that is the only one, in API form. */
interface StartBody {
  readonly target: string;
  readonly arguments?: readonly unknown[];
  readonly params?: unknown;
}

/** The same body, or one that is small enough for the server: its large arguments are then stored as blobs. */
export async function fitStart(api: Api, body: StartBody): Promise<StartBody> {
  if (fitsBody(JSON.stringify(body))) return body;
  if (body.params === undefined) return { ...body, arguments: await storeAll(api, body.arguments ?? []) };
  const [params] = await storeAll(api, [body.params]);
  return { ...body, params };
}

async function storeAll(api: Api, values: readonly unknown[]): Promise<readonly unknown[]> {
  const put: PutBlob = (key, bytes) => api.call("put-blob", { key }, { body: bytes });
  const sent: unknown[] = [];
  for (const value of values) sent.push(await storeOne(value, put));
  return sent;
}

async function storeOne(value: unknown, put: PutBlob): Promise<unknown> {
  if (blobFromApi(value) !== undefined) return value; // Stored by whoever typed it.
  const encoded = valueFromApi(value);
  if (!encoded.ok) throw refusedError(encoded.error);
  return (await storeLarge(encoded.value, put)) ?? value;
}
