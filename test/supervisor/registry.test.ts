import Database from "better-sqlite3";
import { writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Registry, openRegistry } from "../../src/supervisor/registry.ts";
import { temporaryDirectory } from "../support/temporary.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let path: string;

beforeEach(async () => {
  directory = await temporaryDirectory();
  path = `${directory.path}/registry.db`;
});
afterEach(() => directory.remove());

function open(): Registry {
  const registry = openRegistry(path);
  if (!registry.ok) throw new Error(registry.error);
  return registry.value;
}

describe("the registry", () => {
  test("keeps projects and environments with what is known of them", () => {
    const first = open();
    first.addProject("shop", 1);
    const production = first.addEnvironment("shop", "production", null, 2);
    const joe = first.addEnvironment("shop", "development/joe", "production", 3);
    first.noteFacts(joe.id, { isPaused: true, isWanted: true, nextWakeAt: 99 });
    first.archiveEnvironment(production.id);
    first.close();

    const second = open();
    expect(second.projects()).toMatchObject([{ name: "default" }, { name: "shop", createdAt: 1, environments: 1 }]);
    expect(second.environments("shop")).toEqual([
      { ...joe, isPaused: true, isWanted: true, nextWakeAt: 99 },
      { ...production, isArchived: true },
    ]);
    expect(second.findEnvironment("shop", "development/joe")).toMatchObject({ base: "production" });
    second.close();
  });

  test("begins with the default project and its environment", () => {
    const registry = open();
    expect(registry.environments()).toMatchObject([
      { project: "default", name: "development", base: null, isArchived: false, isWanted: false },
    ]);
    expect(registry.findProject("default")?.createdAt).toBeGreaterThan(1_600_000_000_000);
    registry.close();
  });

  test("does not give the id of a deleted environment to another", () => {
    const registry = open();
    registry.addProject("shop", 1);
    const first = registry.addEnvironment("shop", "one", null, 1);
    registry.removeEnvironment(first);
    expect(registry.addEnvironment("shop", "one", null, 1).id).toBeGreaterThan(first.id);
    registry.close();
  });

  test("of a newer version is refused, with the reason", () => {
    open().close();
    const database = new Database(path);
    database.pragma("user_version = 99");
    database.close();
    expect(openRegistry(path)).toMatchObject({ ok: false, error: expect.stringContaining("newer version") });
  });

  test("that is damaged is refused, with its path", () => {
    writeFileSync(path, "this is no database".repeat(1_000));
    expect(openRegistry(path)).toMatchObject({ ok: false, error: expect.stringContaining(path) });
  });
});
