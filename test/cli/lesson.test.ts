/** `steepest lesson` as a user runs it. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { claims } from "../../src/lesson/claims.ts";
import { folder, steepest } from "./steepest.ts";

interface Document {
  readonly schema: string;
  readonly claims: readonly {
    readonly id: string;
    readonly verdict: string;
    readonly measured: { final: unknown };
  }[];
  readonly failed: readonly { readonly id: string; readonly reason: string }[];
}

test("prints a table that fits, conditions below it, and progress beside it; draws the lesson's figure", async () => {
  const cwd = folder();
  const args = ["lesson", "--only", "c5,walkthrough-gd-5,C8", "--plot", "figures"];
  const { code, stdout, stderr } = await steepest(args, { cwd });
  expect(code).toBe(0);
  const lines = stdout.split("\n");
  expect(lines[0]).toMatch(/^id +claim +claimed +measured +verdict$/);
  for (const line of lines.filter((l) => !l.startsWith("figures in")))
    expect(line.length).toBeLessThanOrEqual(80);
  expect(stdout).toMatch(/^C5 .*does not$/m);
  expect(stdout).toMatch(/^C8 holds if the learning rate is below 2\/L/m);
  expect(stdout).toContain("3 claims: 0 hold, 1 holds under a condition, 2 do not hold.");
  expect(stderr).toMatch(/^2\/3 {2}C5 {2}Learning rate 5\.0 diverges: does not hold/m);
  const png = readFileSync(join(cwd, "figures", "lr_effect.png"));
  // width and height stand in the header: matplotlib's 8 × 4 inches at 150 dots
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1200, 600]);
  expect(existsSync(join(cwd, "figures", "lr_effect_squared.png"))).toBe(true);
});

test("--json prints one document; what could not be run is named there, the rest has run: exit code 1", async () => {
  const args = ["lesson", "--only", "C12,C7", "--set", "C12.runs=-1,C7.lr=0.002", "--json", "--quiet"];
  const { code, stdout, stderr } = await steepest(args, { cwd: folder() });
  expect(code).toBe(1);
  const document = JSON.parse(stdout) as Document;
  expect(document.schema).toBe("steepest.lesson/1");
  expect(document.claims.map((c) => c.id)).toEqual(["C7"]);
  expect(document.failed).toEqual([{ id: "C12", reason: expect.stringMatching(/length/) }]);
  expect(stderr).toMatch(/^error\[claim\]: C12 could not be run: /);
});

test("--list names every claim and runs nothing", async () => {
  const { code, stdout } = await steepest(["lesson", "--list"], { cwd: folder() });
  expect(code).toBe(0);
  for (const { name: id, about: title } of claims)
    expect(stdout).toMatch(new RegExp(`^ {2}${id} +${title.replace(/[.*+?()]/g, "\\$&")}$`, "m"));
});

test.each([
  [["--only", "C99"], /no claim "C99"/],
  [["--only", "C5", "--set", "C5.speed=3"], /C5 has no setting "speed"/],
  [["--only", "C5", "--set", "C5.lr=fast"], /--set has "C5.lr=fast"/],
  [["--only", "C5", "--set", "C6.lr=1"], /C6, which is not among the claims/],
])("%j is wrong usage: exit code 2", async (args, message) => {
  const { code, stdout, stderr } = await steepest(["lesson", ...args], { cwd: folder() });
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(message);
  expect(stderr).toMatch(/^help: /m);
});
