import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makeFolders } from "./node-folder.ts";

const root = mkdtempSync(join(tmpdir(), "steepest-folder-"));
afterAll(() => rmSync(root, { recursive: true }));

test("makes a folder with those above it, twice over", () => {
  const path = join(root, "a", "b", "c");
  makeFolders(path);
  makeFolders(path);
  makeFolders("/");
  expect(statSync(path).isDirectory()).toBe(true);
});

test("refuses a file, what lies below one, and a link to nowhere", () => {
  writeFileSync(join(root, "file"), "");
  symlinkSync(join(root, "nowhere"), join(root, "link"));
  expect(() => makeFolders(join(root, "file"))).toThrow("EEXIST");
  expect(() => makeFolders(join(root, "file", "x", "y"))).toThrow(/ENOTDIR|EEXIST/);
  expect(() => makeFolders(join(root, "link", "x"))).toThrow(/EEXIST|ENOENT/);
});

test.skipIf(process.platform !== "linux")("comes back where the system makes no folders", () => {
  expect(() => makeFolders("/proc/x/y")).toThrow("ENOENT");
});
