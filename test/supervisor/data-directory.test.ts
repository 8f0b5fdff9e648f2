import { chmodSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openDataDirectory } from "../../src/supervisor/data-directory.ts";
import { openRuntimeDirectory } from "../../src/supervisor/runtime-directory.ts";
import { temporaryDirectory } from "../support/temporary.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;

beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(() => directory.remove());

describe("the data directory", () => {
  test("is made, closed to other users, and held by one", () => {
    const path = `${directory.path}/data`;
    const held = openDataDirectory(path);
    expect(held.ok).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    const second = openDataDirectory(path);
    expect(second).toMatchObject({ ok: false, error: expect.stringContaining(`process ${process.pid}`) });
    expect(second).toMatchObject({ ok: false, error: expect.stringContaining("another server") });
    if (held.ok) held.value.release();
    expect(openDataDirectory(path).ok).toBe(true);
  });

  test("is closed to other users when it was open", () => {
    mkdirSync(`${directory.path}/open`, { mode: 0o755 });
    openDataDirectory(`${directory.path}/open`);
    expect(statSync(`${directory.path}/open`).mode & 0o777).toBe(0o700);
  });

  test("that cannot be made is refused with the reason", () => {
    writeFileSync(`${directory.path}/file`, "");
    expect(openDataDirectory(`${directory.path}/file`)).toMatchObject({
      ok: false,
      error: expect.stringContaining("file"),
    });
  });
});

describe("the runtime directory", () => {
  test("is private, short, the same for the same data, and another for other data", () => {
    const one = openRuntimeDirectory(directory.path);
    const again = openRuntimeDirectory(directory.path);
    mkdirSync(`${directory.path}/other`);
    const other = openRuntimeDirectory(`${directory.path}/other`);
    if (!one.ok || !again.ok || !other.ok) throw new Error("no runtime directory");
    expect(again.value.socketPath(7)).toBe(one.value.socketPath(7));
    expect(other.value.socketPath(7)).not.toBe(one.value.socketPath(7));
    expect(Buffer.byteLength(one.value.socketPath(Number.MAX_SAFE_INTEGER))).toBeLessThanOrEqual(100);
    one.value.remove();
    other.value.remove();
  });

  test("is emptied of what an earlier server left", () => {
    const one = openRuntimeDirectory(directory.path);
    if (!one.ok) throw new Error(one.error);
    writeFileSync(one.value.socketPath(1), "left");
    openRuntimeDirectory(directory.path);
    expect(statSync(one.value.socketPath(1), { throwIfNoEntry: false })).toBeUndefined();
    one.value.remove();
  });

  test("is refused when others may write to it", () => {
    const one = openRuntimeDirectory(directory.path);
    if (!one.ok) throw new Error(one.error);
    const path = dirname(one.value.socketPath(1));
    chmodSync(path, 0o777);
    expect(openRuntimeDirectory(directory.path)).toMatchObject({ ok: false, error: expect.stringContaining(path) });
    one.value.remove();
  });

  test("is refused when somebody has put a link in its place", () => {
    const one = openRuntimeDirectory(directory.path);
    if (!one.ok) throw new Error(one.error);
    const path = dirname(one.value.socketPath(1));
    one.value.remove();
    symlinkSync(directory.path, path);
    expect(openRuntimeDirectory(directory.path)).toMatchObject({ ok: false, error: expect.stringContaining(path) });
    one.value.remove();
  });

  test("is made again, as private as it was, when somebody has tidied it up", () => {
    const one = openRuntimeDirectory(directory.path);
    if (!one.ok) throw new Error(one.error);
    const path = dirname(one.value.socketPath(1));
    rmSync(path, { recursive: true });
    one.value.prepareSocket(1);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    one.value.remove();
    symlinkSync(directory.path, path);
    expect(() => one.value.prepareSocket(1)).toThrow(path);
    one.value.remove();
  });

  test("that cannot be made is refused with the reason and a way out", () => {
    writeFileSync(`${directory.path}/file`, "");
    vi.stubEnv("TMPDIR", `${directory.path}/file`);
    expect(openRuntimeDirectory(directory.path)).toMatchObject({
      ok: false,
      error: expect.stringMatching(/ENOTDIR.* set TMPDIR/),
    });
    vi.unstubAllEnvs();
  });
});
