import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { strFromU8, unzipSync } from "fflate";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");
const python = "/usr/bin/python3";
const pip = spawnSync(python, ["-m", "pip", "--version"], { stdio: "ignore" }).status === 0;
if (!pip) console.warn(`skipping the wheel's installation: ${python} has no pip`);

let folder: string;
let wheel: string;
const make = (to: string): string =>
  execFileSync(
    process.execPath,
    [join(root, "node_modules/jiti/lib/jiti-cli.mjs"), join(root, "scripts/make-wheel.ts"), to],
    {
      encoding: "utf8",
    },
  ).trim();
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "steepest-wheel-"));
  wheel = make(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("lists every file with its digest and size, and has the same bytes each time", () => {
  const files = unzipSync(readFileSync(wheel));
  const record = Object.keys(files).find((name) => name.endsWith("/RECORD"))!;
  const rows = strFromU8(files[record]!)
    .trim()
    .split("\n")
    .map((row) => row.split(","));
  expect(rows.map(([name]) => name).sort()).toEqual(Object.keys(files).sort());
  for (const [name, digest, size] of rows) {
    if (name === record) continue;
    const bytes = files[name!]!;
    expect(Number(size)).toBe(bytes.length);
    expect(digest).toBe(`sha256=${createHash("sha256").update(bytes).digest("base64url")}`);
  }
  const before = readFileSync(wheel);
  expect(readFileSync(make(folder)).equals(before)).toBe(true);
});

test.runIf(pip)(
  "is installed without a network: the probe, and a command that starts Node's or says what is missing",
  () => {
    const target = join(folder, "site");
    execFileSync(
      python,
      ["-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", target, wheel],
      {
        stdio: ["ignore", "ignore", "pipe"],
      },
    );
    const run = (env: NodeJS.ProcessEnv): { code: number | null; out: string; err: string } => {
      const { status, stdout, stderr } = spawnSync(python, [join(target, "bin/steepest"), "--version"], {
        encoding: "utf8",
        env: { ...process.env, PYTHONPATH: target, ...env },
      });
      return { code: status, out: stdout, err: stderr };
    };
    expect(readFileSync(join(target, "steepest_probe.py"), "utf8")).toContain("class Probe:");
    expect(run({ STEEPEST: join(root, "bin/steepest.js") })).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+/),
    });
    expect(run({ STEEPEST: "", PATH: "/nowhere" })).toMatchObject({
      code: 2,
      err: expect.stringContaining("install Node 20.19"),
    });
    expect(run({ STEEPEST: "/nowhere/steepest" })).toMatchObject({
      code: 2,
      err: expect.stringContaining("can't be started"),
    });
  },
);
