import { createRequire } from "node:module";
import Database from "better-sqlite3";

/** The major version of better-sqlite3 whose binaries need this Node-API version: with less, its first use ends the process by a signal. */
const NATIVE_MAJOR = 13;
const NATIVE_NODE_API = 10;

/** Why better-sqlite3, as it is installed, cannot be used in this Node, and what to do; undefined when it can. Ask before using it. */
export function installedSqliteFault(): string | undefined {
  const installed: unknown = createRequire(import.meta.url)("better-sqlite3/package.json");
  const version =
    typeof installed === "object" && installed !== null && "version" in installed ? installed.version : "";
  return sqliteFault(String(version), Number(process.versions["napi"])) ?? loadFault();
}

/** Why this version of better-sqlite3 cannot run with this version of Node-API; undefined when it can. */
export function sqliteFault(version: string, nodeApi: number): string | undefined {
  if (Number.parseInt(version, 10) < NATIVE_MAJOR || nodeApi >= NATIVE_NODE_API) return undefined;
  return `better-sqlite3 ${version} needs Node 22.14 or newer, this is Node ${process.versions.node}: upgrade Node, or install better-sqlite3@12`;
}

/** Its binary is loaded with the first connection. It may have been compiled for the Node that was in use before, or not at all. */
function loadFault(): string | undefined {
  try {
    new Database(":memory:").close();
    return undefined;
  } catch {
    // The error tells all places where no binary was found, or numbers of binary interfaces.
    return `better-sqlite3 is not compiled for this Node, ${process.versions.node}: run npm rebuild better-sqlite3`;
  }
}
