import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import BetterSqlite3 from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type OpenDatabase, type OpenOptions, openDatabase, openReader } from "../../../src/orchestrator/store/open.ts";

const ownMigrations = join(import.meta.dirname, "../../../src/orchestrator/store/migrations");

let directory: string;
let opened: OpenDatabase[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "coflux-store-"));
  opened = [];
});

afterEach(() => {
  for (const each of opened) each.close();
  rmSync(directory, { recursive: true, force: true });
});

const file = (name = "environment.db"): string => join(directory, name);

function open(options: OpenOptions = {}): OpenDatabase {
  const result = openDatabase(directory, { lockWaitMs: 0, ...options });
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  opened.push(result.value);
  return result.value;
}

function refusal(options: OpenOptions = {}): { readonly code: string; readonly message: string } {
  const result = openDatabase(directory, { lockWaitMs: 0, ...options });
  if (result.ok) {
    opened.push(result.value);
    throw new Error("the database was opened");
  }
  return result.error;
}

function close(database: OpenDatabase): void {
  opened.splice(opened.indexOf(database), 1);
  database.close();
}

/** Leaves the file as a process that died would. */
function markUnclean(): void {
  const sqlite = new BetterSqlite3(file());
  sqlite.exec("UPDATE environment SET is_clean = 0");
  sqlite.close();
}

describe("an environment's database", () => {
  test("counts its starts and remembers a clean stop", () => {
    const first = open();
    expect(first.epoch).toBe(1);
    expect(first.database.get("SELECT is_clean FROM environment")).toEqual({ is_clean: 0 });
    close(first);
    const second = open();
    expect(second.epoch).toBe(2);
    close(second);
    const sqlite = new BetterSqlite3(file());
    expect(sqlite.prepare("SELECT is_clean FROM environment").pluck().get()).toBe(1);
    sqlite.close();
  });

  test("is durable at every commit, after its first write too", () => {
    const { database } = open();
    database.run("UPDATE environment SET state = 0");
    expect(database.get("PRAGMA synchronous")).toEqual({ synchronous: 2 });
    expect(database.get("PRAGMA journal_mode")).toEqual({ journal_mode: "wal" });
  });

  test.each([
    ["foreign_keys", 1],
    ["trusted_schema", 0],
    ["cell_size_check", 1],
    ["temp_store", 2],
    ["journal_size_limit", 67_108_864],
    ["busy_timeout", 200],
  ])("is open with %s = %i", (name, value) => {
    expect(Object.values(open().database.get(`PRAGMA ${name}`) ?? {})).toEqual([value]);
  });

  test("has one writer", () => {
    open();
    const { code, message } = refusal();
    expect(code).toBe("locked");
    expect(message).toContain("lock.db");
  });

  test("is free at once when its holder is killed", async () => {
    close(open());
    const holder = await holdLock();
    expect(refusal().code).toBe("locked");
    const exited = once(holder, "exit");
    holder.kill("SIGKILL");
    await exited;
    expect(open().epoch).toBe(2);
  });

  test("undoes what a transaction has written when it throws", () => {
    const { database } = open();
    const fail = (): never => {
      database.run("UPDATE environment SET state = 1");
      throw new Error("no");
    };
    expect(() => database.transaction(fail)).toThrow("no");
    expect(database.get("SELECT state FROM environment")).toEqual({ state: 0 });
    database.transaction(() => {
      database.run("UPDATE environment SET state = 1");
      expect(() =>
        database.savepoint(() => {
          database.run("UPDATE environment SET state = 2");
          throw new Error("no");
        }),
      ).toThrow("no");
    });
    expect(database.get("SELECT state FROM environment")).toEqual({ state: 1 });
  });

  test("is read by another connection that cannot write", () => {
    const { database } = open();
    const reader = openReader(database.path);
    database.run("UPDATE environment SET state = 1");
    expect(reader.get("SELECT state FROM environment")).toEqual({ state: 1 });
    expect(() => reader.run("UPDATE environment SET state = 0")).toThrow("readonly");
    const pragmas = ["query_only", "trusted_schema", "temp_store", "busy_timeout"];
    const values = pragmas.map((name) => Object.values(reader.get(`PRAGMA ${name}`) ?? {}));
    expect(values).toEqual([[1], [0], [2], [200]]);
    reader.close();
  });
});

describe("a database that cannot be trusted is not opened:", () => {
  test("one that is no database", () => {
    writeFileSync(file(), "this is a text file, and a long enough one to be looked at".repeat(20));
    expect(refusal().code).toBe("corrupt_database");
  });

  test("one with a damaged page, found after an unclean stop", () => {
    const first = open();
    first.database.transaction(() => {
      for (let index = 0; index < 500; index++) {
        const sql = "INSERT INTO repositories (name, version, targets) VALUES (?, '1', ?)";
        first.database.run(sql, `repository-${index}`, "x".repeat(200));
      }
    });
    close(first);
    markUnclean();
    const bytes = readFileSync(file());
    bytes.fill(0xff, 40_960, 53_248);
    writeFileSync(file(), bytes);
    const { code, message } = refusal();
    expect(code).toBe("corrupt_database");
    expect(message).toContain("restore");
  });

  test("one of a newer version, which stays as it is", () => {
    close(open());
    const sqlite = new BetterSqlite3(file());
    sqlite.pragma("user_version = 9999");
    sqlite.close();
    const before = readFileSync(file());
    expect(refusal().code).toBe("newer_schema");
    expect(readFileSync(file()).equals(before)).toBe(true);
  });

  test("one in a directory that does not exist", () => {
    rmSync(directory, { recursive: true });
    const { code, message } = refusal();
    expect(code).toBe("storage_failed");
    expect(message).toContain(directory);
  });
});

describe("migrations", () => {
  function withSecond(sql: string): URL {
    const folder = join(directory, "migrations");
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(ownMigrations)) copyFileSync(join(ownMigrations, name), join(folder, name));
    const next = String(readdirSync(ownMigrations).length + 1).padStart(4, "0");
    writeFileSync(join(folder, `${next}.sql`), sql);
    return pathToFileURL(`${folder}/`);
  }

  test("keep a copy of what they change", () => {
    const first = open();
    first.database.run("UPDATE environment SET state = 1");
    close(first);
    const { database } = open({ migrations: withSecond("CREATE TABLE added (id INTEGER PRIMARY KEY) STRICT;") });
    expect(database.all("SELECT * FROM added")).toEqual([]);
    const [copy] = readdirSync(directory).filter((name) => name.startsWith("environment-before-"));
    const kept = new BetterSqlite3(file(copy), { readonly: true });
    expect(kept.prepare("SELECT state FROM environment").pluck().get()).toBe(1);
    expect(() => kept.prepare("SELECT * FROM added")).toThrow("no such table");
    kept.close();
  });

  test("keep what was declared: each target of the latest registration gets its definition", () => {
    const folder = join(directory, "earlier");
    mkdirSync(folder);
    for (const name of ["0001.sql", "0002.sql"]) copyFileSync(join(ownMigrations, name), join(folder, name));
    const first = open({ migrations: pathToFileURL(`${folder}/`) });
    const targets = `[{"name":"main","type":"workflow"},{"name":"it''s","type":"task"}]`;
    first.database.run(`INSERT INTO repositories (name, version, targets) VALUES ('flows', '1', '${targets}')`);
    for (const [name, isRegistered] of [
      ["main", 1],
      ["it''s", 1],
      ["gone", 0],
    ] as const)
      first.database.run(
        `INSERT INTO targets (path, repository, type, is_registered) VALUES ('flows/${name}', 1, 0, ${isRegistered})`,
      );
    close(first);
    expect(open().database.all("SELECT path, definition FROM targets ORDER BY id")).toEqual([
      { path: "flows/main", definition: `{"name":"main","type":"workflow"}` },
      { path: "flows/it's", definition: `{"name":"it's","type":"task"}` },
      { path: "flows/gone", definition: null },
    ]);
  });

  test("say how far they are", () => {
    close(open());
    const phases: [string, number | null][] = [];
    const onProgress = (phase: string, percent: number | null): void => void phases.push([phase, percent]);
    close(open({ migrations: withSecond("CREATE TABLE added (id INTEGER PRIMARY KEY) STRICT;"), onProgress }));
    expect(phases).toEqual([
      ["copying the database before it is migrated", null],
      ["migrating the database", 0],
    ]);
  });

  test("make no copy of a new database", () => {
    open({ migrations: withSecond("CREATE TABLE added (id INTEGER PRIMARY KEY) STRICT;") });
    expect(readdirSync(directory).filter((name) => name.startsWith("environment-before-"))).toEqual([]);
  });

  test("leave nothing behind when they fail", () => {
    close(open());
    const broken = withSecond("CREATE TABLE added (id INTEGER PRIMARY KEY) STRICT; SELECT * FROM nothing;");
    expect(refusal({ migrations: broken }).message).toContain("nothing");
    const { database, epoch } = open();
    expect(epoch).toBe(2);
    expect(() => database.all("SELECT * FROM added")).toThrow("no such table");
    expect(existsSync(file())).toBe(true);
  });
});

async function holdLock(): Promise<ChildProcess> {
  const module = createRequire(import.meta.url).resolve("better-sqlite3");
  const script = `const D = require(${JSON.stringify(module)}); new D(process.argv[1]).exec("BEGIN EXCLUSIVE"); console.log("held"); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["-e", script, file("lock.db")], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return child;
}
