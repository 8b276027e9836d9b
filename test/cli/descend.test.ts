/** `steepest descend` as a user calls it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { expect, test } from "vitest";
import { run } from "../../src/cli/commands/descend.ts";
import { descend as row } from "../../src/cli/rows/descend.ts";
import { createTerminal } from "../../src/cli/terminal.ts";
import { formatError } from "../../src/run/errors.ts";
import { surfaces } from "../../src/surface/index.ts";
import { folder, steepest } from "./steepest.ts";

const cwd = folder();

/** The command in this process: what it prints, notes and throws. */
async function descend(...argv: readonly string[]): Promise<{ out: string; notes: string; error: string }> {
  const command = new Command();
  row.define(command);
  command.parse([...argv], { from: "user" });
  const [out, notes]: [string[], string[]] = [[], []];
  const terminal = {
    ...createTerminal({ color: false }),
    print: (text: string) => void out.push(text),
    note: (text: string) => void notes.push(text),
  };
  let error = "";
  await run({
    args: command.args,
    options: command.opts(),
    terminal,
    program: null,
    flags: [],
    json: false,
  }).catch((thrown: unknown) => {
    error = formatError(thrown);
  });
  return { out: out.join("\n"), notes: notes.join("\n"), error };
}

interface Document {
  readonly schema: string;
  readonly paths: {
    optimizer: string;
    lr: number;
    lrFrom: string;
    points: number[][];
    terms: { step: number; update: number[]; state: Record<string, number[]> }[];
    verdict: { outcome: string; step: number };
  }[];
}

test("three rates on the lesson's bowl: JSON with points and terms, and both plots", async () => {
  const args = ["bowl", "--optimizers", "sgd", "--lr", "0.005,0.1,0.21", "--steps", "40", "--json"];
  const { code, stdout, stderr } = await steepest(
    ["descend", ...args, "--plot", "p.svg", "--loss-plot", "l.png"],
    { cwd },
  );
  expect(code, stderr).toBe(0);
  const { schema, paths } = JSON.parse(stdout) as Document;
  expect(schema).toBe("steepest.descend/1");
  expect(paths.map((p) => [p.optimizer, p.lr, p.lrFrom])).toEqual(
    [0.005, 0.1, 0.21].map((lr) => ["sgd", lr, "given"]),
  );
  for (const { lr, points, terms } of paths) {
    expect(points).toHaveLength(41);
    expect(terms).toHaveLength(40);
    // ½(x² + 10y²): each coordinate shrinks by its own factor
    points.forEach(([x, y, loss], k) => {
      expect(x).toBeCloseTo(-9 * (1 - lr) ** k, 9);
      expect(loss! / ((x! ** 2 + 10 * y! ** 2) / 2)).toBeCloseTo(1, 9);
    });
  }
  expect(readFileSync(join(cwd, "p.svg"), "utf8")).toMatch(
    /^<svg[\s\S]*aria-label="sgd lr 0.21"[\s\S]*<\/svg>\n$/,
  );
  expect(readFileSync(join(cwd, "l.png")).subarray(1, 4).toString()).toBe("PNG");
});

test("a formula, with rates looked for, in plain ASCII", async () => {
  const { out, notes, error } = await descend("(x-1)^2 + 4(y+2)^2", "--from", "-3,2", "--ascii");
  expect(error).toBe("");
  expect(out).toMatch(
    /largest curvature 8 at the start, 8 at the minimum: near it sgd is stable below lr 0.25/,
  );
  expect(out).toMatch(/1 {2}sgd .*reached a minimum at \(1, .2\)/);
  expect(notes).toMatch(/best of 33 rates/);
});

test("three coordinates have a loss curve and no map", async () => {
  const [shown, drawn] = await Promise.all([
    descend("ravine", "--dimension", "3", "--steps", "50"),
    descend("ravine", "--dimension", "3", "--plot", "x.svg"),
  ]);
  expect(shown.out).toMatch(/loss by step/);
  expect(drawn.error).toMatch(
    /--plot draws functions of two coordinates, this one has 3\nhelp: draw the loss with --loss-plot/,
  );
});

test.each([
  [["rosenbrok"], /no surface named "rosenbrok"\nhelp: did you mean "rosenbrock"/],
  [
    ["x^2 + sinn(y)", "--from", "1,1"],
    /at character 7\n {2}x\^2 \+ sinn\(y\)\n {8}\^\nhelp: did you mean "sin"/,
  ],
  [["x^2 + y^2"], /no start of its own\nhelp: give --from x,y/],
  [["bowl", "--from", "1"], /the start has 1 numbers\nhelp: bowl takes 2 numbers \(x, y\)/],
  [["bowl", "--kapa", "3"], /no option "kapa"\nhelp: did you mean "kappa"/],
  [["bowl", "--lr", "0.1,adagrad:1"], /names adagrad, which does not run/],
  [["bowl", "--optimizers", "adam:lr=0.3"], /adam: lr is given.*\nhelp: give rates with --lr.*adam:0\.3/],
  [["bowl", "--lr", "fast"], /--lr has "fast"/],
  [["bowl", "--steps", "0"], /--steps is 0/],
  [["bowl", "--plot", "x.pdf"], /neither \.svg nor \.png/],
] as const)("%s", async (args, says) => {
  const { out, error } = await descend(...args);
  expect(out).toBe("");
  expect(error).toMatch(says);
});

test("a formula may begin with a minus", async () => {
  const [first, last] = await Promise.all([
    descend("-x^2 + x^4", "--from", "1", "--lr", "0.1"),
    descend("--from", "1", "--lr", "0.1", "--", "-x^2 + x^4"),
  ]);
  expect(first.out).toMatch(/reached a minimum/);
  expect(last.out).toBe(first.out);
});

test("without a name, the table; with --list, all about one", async () => {
  const [all, one] = [await descend(), await descend("styblinski-tang", "--list")];
  for (const { name } of surfaces) expect(all.out).toMatch(new RegExp(`^${name} `, "m"));
  expect(one.out).toMatch(/global minimum -78.33 at \(−2.9, −2.9\)/);
});
