/** `steepest probe` prints the file that the package ships, whole. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { shipped } from "../../src/run/node-shipped.ts";
import { steepest } from "./steepest.ts";

test("probe prints the Python file", async () => {
  const text = readFileSync(shipped("src", "probe", "steepest_probe.py"), "utf8");
  const plain = await steepest(["probe"], { cwd: import.meta.dirname });
  expect(plain.code, plain.stderr).toBe(0);
  expect(plain.stdout).toBe(text);
  const json = await steepest(["probe", "--json"], { cwd: import.meta.dirname });
  expect(JSON.parse(json.stdout)).toMatchObject({ schema: "steepest.probe-file/1", text });
});
