/**
 * Writes dist/steepest-VERSION-py3-none-any.whl (PEP 427): the probe for PyTorch, and a `steepest` command that starts Node's.
 * A wheel is a zip whose entries are listed with their digests; the same sources give the same bytes.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { version } from "../src/run/version.ts";

const root = join(import.meta.dirname, "..");
const source = (name: string): string => readFileSync(join(root, "src/probe", name), "utf8");

const info = `steepest-${version}.dist-info`;
const files: Record<string, string> = {
  "steepest_probe.py": source("steepest_probe.py"),
  "steepest_command.py": source("steepest_command.py"),
  [`${info}/METADATA`]: [
    "Metadata-Version: 2.1",
    "Name: steepest",
    `Version: ${version}`,
    "Summary: Find learning rates, compare optimizers, diagnose training logs; with a probe for PyTorch",
    "License: MIT",
    "Requires-Python: >=3.9",
    "Description-Content-Type: text/markdown",
    "",
    "`from steepest_probe import Probe` needs PyTorch 1.13 or later. The `steepest` command needs Node 20.19 or later.",
    "",
  ].join("\n"),
  [`${info}/WHEEL`]: "Wheel-Version: 1.0\nGenerator: steepest\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
  [`${info}/entry_points.txt`]: "[console_scripts]\nsteepest = steepest_command:main\n",
  [`${info}/LICENSE`]: readFileSync(join(root, "LICENSE"), "utf8"),
};
const row = ([name, text]: [string, string]): string => {
  const bytes = strToU8(text);
  return `${name},sha256=${createHash("sha256").update(bytes).digest("base64url")},${bytes.length}`;
};
files[`${info}/RECORD`] = `${[...Object.entries(files).map(row), `${info}/RECORD,,`].join("\n")}\n`;

// zip's first day: no time of the build in the bytes
const mtime = new Date(1980, 0, 1);
const zip = zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)])), {
  mtime,
});
const folder = process.argv[2] ?? join(root, "dist");
mkdirSync(folder, { recursive: true });
const path = join(folder, `steepest-${version}-py3-none-any.whl`);
writeFileSync(path, zip);
console.log(path);
