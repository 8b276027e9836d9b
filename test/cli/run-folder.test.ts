/** What a run folder promises when the disk fails or another process is there. */
import * as fs from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { FileSystem } from "../../src/run/node-folder.ts";
import { createRunFolder, createRunFolderAt, openRunFolder } from "../../src/train/node-run-folder.ts";
import { folder } from "./steepest.ts";

/** The real file system, except that writing fails once `bytes` have been written. */
function full(bytes: number, code = "ENOSPC"): FileSystem {
  let left = bytes;
  const writeSync = ((file: number, data: Uint8Array, at: number) => {
    const room = Math.min(left, data.length - at);
    if (room <= 0) throw Object.assign(new Error(code), { code });
    left -= room;
    return fs.writeSync(file, data, at, room);
  }) as typeof fs.writeSync;
  return { ...fs, writeSync };
}

describe("disk full", () => {
  test("a checkpoint that does not fit leaves the last one whole and no rubbish", () => {
    const root = folder();
    const run = createRunFolderAt(join(root, "r"), full(150));
    run.saveCheckpoint("last", new Uint8Array(100).fill(1));
    expect(() => run.saveCheckpoint("last", new Uint8Array(100).fill(2))).toThrow(
      expect.objectContaining({
        id: "disk-full",
        exitCode: 1,
        help: expect.stringContaining("--resume") as string,
      }),
    );
    expect([...run.readCheckpoint("last")!]).toEqual(new Array(100).fill(1));
    run.close();
    expect(fs.readdirSync(run.path)).toEqual(["checkpoint-last.safetensors"]);
  });

  test("metrics lose the half-written line, nothing before it", () => {
    const run = createRunFolderAt(join(folder(), "r"), full(15));
    expect(run.appendMetrics('{"step":1}\n')).toBe(11);
    expect(() => run.appendMetrics('{"step":2}\n')).toThrow(expect.objectContaining({ id: "disk-full" }));
    run.close();
    expect(fs.readFileSync(join(run.path, "metrics.jsonl"), "utf8")).toBe('{"step":1}\n');
  });

  test.each([
    ["EDQUOT", "disk-full", 1],
    ["EROFS", "not-writable", 2],
    ["EIO", "disk-error", 1],
  ])("%s is called %s and exits %i", (code, id, exitCode) => {
    const run = createRunFolderAt(join(folder(), "r"), full(0, code));
    expect(() => run.saveCheckpoint("last", new Uint8Array(1))).toThrow(
      expect.objectContaining({ id, exitCode }),
    );
    run.close();
  });
});

describe("the lock", () => {
  const lockOf = (path: string): string => join(path, "run.lock");
  const withRun = (): string => {
    const run = createRunFolder(folder(), "a");
    run.writeRun({});
    run.close();
    return run.path;
  };

  test("holds while a run is open, here and from elsewhere", () => {
    const path = withRun();
    const run = openRunFolder(path);
    expect(() => openRunFolder(path)).toThrow(expect.objectContaining({ id: "run-in-use" }));
    run.close();
    openRunFolder(path).close();
    fs.writeFileSync(lockOf(path), JSON.stringify({ pid: 1, host: "another-machine" }));
    expect(() => openRunFolder(path)).toThrow(/in use by process 1 on another-machine/);
  });

  test.each([
    ["its process is gone", { pid: 2 ** 22 + 1, host: hostname() }],
    ["its process number was given to another process", { pid: process.pid, host: hostname(), started: "1" }],
    ["its text is damaged", "{"],
  ])("is taken over when %s", (_, owner) => {
    const path = withRun();
    fs.writeFileSync(lockOf(path), typeof owner === "string" ? owner : JSON.stringify(owner));
    openRunFolder(path).close();
    expect(fs.existsSync(lockOf(path))).toBe(false);
  });
});

test("run folders are numbered after the highest there is", () => {
  const root = folder();
  fs.mkdirSync(join(root, "a-7"));
  fs.mkdirSync(join(root, "a-b-9"));
  const run = createRunFolder(root, "a");
  expect(run.path).toBe(join(root, "a-8"));
  run.close();
});
