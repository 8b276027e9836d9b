import * as fs from "node:fs";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseRun } from "../../run/parse-run.ts";
import type { Cell } from "./cell.ts";
import { cellKey, searchKey } from "./compare.ts";
import { openCompareFolder, type SharedRun, sharedRun } from "./node-folder.ts";

const root = mkdtempSync(join(tmpdir(), "steepest-compare-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const run = parseRun({ data: { source: "digits" }, model: { kind: "linear" }, optimizer: "sgd", steps: 5 });
const shared: SharedRun = sharedRun(run, "abc", 5);
const cell = (seed: number): Cell => ({
  optimizer: { name: "sgd", lr: 0.1 },
  seed,
  status: "ok",
  steps: 5,
  training: { start: 2, final: 1, best: 1, bestStep: 4 },
  validation: null,
  lows: [[0, 2], [4, 1]], // biome-ignore format: two points
  seconds: 0.1,
});
const open = (path: string, what = shared, io = fs) => openCompareFolder(what, { path, root, name: "x" }, io);

test("cells are kept, and found again by what they are", () => {
  const first = openCompareFolder(shared, { root, name: "compare-digits" });
  expect(first.path).toBe(join(root, "compare-digits-1"));
  first.append(cell(1));
  first.append(cell(2));
  first.close();
  const again = open(first.path);
  const search = {
    optimizer: { name: "sgd" },
    seed: 1,
    budget: null,
    bounds: [1e-7, 1000],
    rate: 0.1,
    alive: true,
    refusal: null,
    reason: "",
    tried: [0.01, 1],
    edge: null,
    cost: 1.4,
  } as const;
  again.appendSearch(search);
  expect([...again.known.keys()]).toEqual([cellKey(cell(1)), cellKey(cell(2))]);
  expect(again.known.get(cellKey({ seed: 2, optimizer: { lr: 0.1, name: "sgd" } }))).toEqual(cell(2));
  again.close();
  const third = open(first.path);
  expect(third.searched).toEqual(new Map([[searchKey(search), search]]));
  third.close();
  expect(openCompareFolder(shared, { root, name: "compare-digits" }).path).toBe(
    join(root, "compare-digits-2"),
  );
});

test("half a last line is cut off; a broken line before it is named", () => {
  const path = join(root, "half");
  const first = open(path);
  first.append(cell(1));
  first.append(cell(2));
  first.close();
  const file = join(path, "cells.jsonl");
  const whole = readFileSync(file).length;
  truncateSync(file, whole - 7);
  const second = open(path);
  expect(second.known.size).toBe(1);
  second.append(cell(3));
  second.close();
  expect(open(path).known.size).toBe(2);
  rmSync(join(path, "run.lock"));
  writeFileSync(file, `{"seed":\n${JSON.stringify(cell(1))}\n`);
  expect(() => open(path)).toThrow("cells.jsonl:1");
});

test("another run is refused, naming what differs; so is other data, a run folder, a second process", () => {
  const path = join(root, "other");
  open(path).close();
  const changed = sharedRun({ ...run, steps: 6 }, "abc", 6);
  expect(() => open(path, changed)).toThrow(/steps was 5 .* is 6 now/);
  expect(() => open(path, { ...shared, data: "abd" })).toThrow("the data has changed");
  expect(() => open(path, sharedRun({ ...run, name: "y", backend: "wasm" }, "abc", 5)).close()).not.toThrow();
  const foreign = join(root, "foreign");
  fs.mkdirSync(foreign);
  writeFileSync(join(foreign, "metrics.jsonl"), "");
  expect(() => open(foreign)).toThrow("something else");
  const held = open(path);
  expect(() => open(path)).toThrow("in use");
  held.close();
});

test("a full disk is one clear error, and leaves whole lines", () => {
  const path = join(root, "full");
  let room = 1000;
  const io = {
    ...fs,
    writeSync: ((file: number, bytes: Uint8Array, at: number) => {
      if (room <= 0) throw Object.assign(new Error("no space"), { code: "ENOSPC" });
      const part = Math.min(room, bytes.length - at);
      room -= part;
      return fs.writeSync(file, bytes, at, part);
    }) as typeof fs.writeSync,
  };
  const folder = open(path, shared, io);
  folder.append(cell(1));
  room = 20;
  expect(() => folder.append(cell(2))).toThrow(expect.objectContaining({ id: "disk-full", exitCode: 1 }));
  folder.close();
  expect(open(path).known.size).toBe(1);
});
