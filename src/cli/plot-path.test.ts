import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makePlotFolder, requirePlotFile } from "./plot-path.ts";

const root = mkdtempSync(join(tmpdir(), "steepest-plot-"));
afterAll(() => rmSync(root, { recursive: true }));
const file = join(root, "file");
writeFileSync(file, "");

test("says before the work that a picture can't be written", () => {
  requirePlotFile(join(root, "x.svg"));
  requirePlotFile("X.PNG");
  expect(() => requirePlotFile(join(root, "x.pdf"))).toThrow("neither .svg nor .png");
  expect(() => requirePlotFile(join(file, "x.svg"))).toThrow(`${file} is no folder`);
  expect(() => requirePlotFile(join(root, "none", "x.svg"))).toThrow("is no folder");
  makePlotFolder(join(root, "y.svg"));
  expect(() => requirePlotFile(join(root, "y.svg"))).toThrow("it is a folder");
});

test("makes a folder for pictures, or says why not", () => {
  makePlotFolder(join(root, "a", "b"));
  expect(statSync(join(root, "a", "b")).isDirectory()).toBe(true);
  expect(() => makePlotFolder(file)).toThrow(/can't be made: EEXIST/);
});
