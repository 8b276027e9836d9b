/** analyze as a user runs it: a run file, a run folder, charts, one JSON document, Ctrl-C. */
import { copyFileSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { examples, folder, start, steepest } from "./steepest.ts";

function withExamples(): string {
  const cwd = folder();
  for (const name of ["houses.yaml", "houses.csv", "lesson.json"])
    copyFileSync(join(examples, name), join(cwd, name));
  return cwd;
}

test("the edge of stability: curvature rises to 2/η and stays, and the charts show it", async () => {
  const cwd = withExamples();
  const settings =
    "--data.source lesson-least-squares --model.kind mlp --model.hidden 32 --model.activation tanh --loss mse --optimizer.name sgd --optimizer.lr 0.2";
  const args = [
    "analyze",
    "lesson.json",
    ...settings.split(" "),
    "--steps",
    "1000",
    "--looks",
    "6",
    "--json",
  ];
  const { code, stdout } = await steepest([...args, "--plot", "charts"], { cwd });
  expect(code).toBe(0);
  const found = JSON.parse(stdout) as {
    schema: string;
    sharpness: { sharpness: number; limit: number }[];
    convergence: { assumptions: { id: string; holds: boolean }[] };
  };
  expect(found.schema).toBe("steepest.analyze/1");
  const [first, last] = [found.sharpness[0]!, found.sharpness.at(-1)!];
  expect(last.limit).toBeCloseTo(10, 9);
  expect(first.sharpness).toBeLessThan(7.5);
  expect(last.sharpness).toBeGreaterThan(9);
  expect(last.sharpness).toBeLessThan(11);
  expect(found.convergence.assumptions.find((a) => a.id === "convex")!.holds).toBe(false);
  expect(readdirSync(join(cwd, "charts")).sort()).toEqual([
    "convergence.png",
    "convergence.svg",
    "sharpness.png",
    "sharpness.svg",
  ]);
  const svg = readFileSync(join(cwd, "charts", "sharpness.svg"), "utf8");
  for (const label of ["what the rate bears", "λmax of the Hessian"]) expect(svg).toContain(label);
});

test("a run folder is looked at where its checkpoint stands", async () => {
  const cwd = withExamples();
  const trained = await steepest(["train", "houses.yaml", "--epochs", "5", "--no-plots", "--quiet"], { cwd });
  expect(trained.code).toBe(0);
  const { code, stdout } = await steepest(["analyze", "runs/houses-1", "--quiet"], { cwd });
  expect(code).toBe(0);
  expect(stdout).toMatch(/\n30 +[\d.,]+ /); // 5 epochs of 6 batches
  for (const part of ["gradient noise scale", "critical batch size", "sgd:momentum=0.9 (this run)"])
    expect(stdout).toContain(part);
  expect(stdout).not.toContain("convergence theory");
  // the loss around the same weights: the same loss in the middle as the library's
  const cut = await steepest(
    ["landscape", "runs/houses-1", "--samples", "3", "--rows", "all", "--plot", "loss.svg", "--json"],
    { cwd },
  );
  expect(cut.code).toBe(0);
  const { schema, grid, loss, rows, of } = JSON.parse(cut.stdout) as {
    [K in "schema" | "loss" | "rows" | "of"]: unknown;
  } & { grid: { values: number[] } };
  expect([schema, rows, grid.values.length]).toEqual(["steepest.landscape/1", of, 9]);
  expect(grid.values[4]).toBe(loss);
  expect(Math.min(...grid.values)).toBe(loss);
  expect(readFileSync(join(cwd, "loss.svg"), "utf8")).toContain("second random direction");
});

test("Ctrl-C ends it with 130 and writes nothing", async () => {
  const cwd = withExamples();
  const { child, finished } = start(["analyze", "houses.yaml", "--steps", "10000000", "--plot", "x.png"], {
    cwd,
  });
  child.stderr!.once("data", () => child.kill("SIGINT"));
  const { code, stdout, stderr } = await finished;
  expect([code, stdout]).toEqual([130, ""]);
  expect(stderr).toContain("interrupted");
  expect(readdirSync(cwd)).not.toContain("x.png");
});
