import Database from "better-sqlite3";
import { environmentDirectory } from "../src/protocol/supervisor-messages.ts";
import { type Stage, environment } from "./stage.ts";

/** Pages in use of the environment's database, in bytes (what a checkpoint would leave in the file, free pages not counted). */
export function usedBytes({ server }: Stage): number {
  const path = `${server.dataDirectory}/${environmentDirectory("default", environment)}/environment.db`;
  const db = new Database(path, { readonly: true });
  const pragma = (name: string): number => Number(db.pragma(name, { simple: true }));
  const bytes = (pragma("page_count") - pragma("freelist_count")) * pragma("page_size");
  db.close();
  return bytes;
}
