/** What `train` leaves to look at, and what it says while it trains. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { examples, folder, start, steepest } from "./steepest.ts";

const houses = (more: Record<string, unknown>): string => {
  const cwd = folder();
  const spec = {
    name: "houses",
    data: { csv: join(examples, "houses.csv"), target: "price", standardize: true },
    model: { kind: "mlp", hidden: [8] },
    optimizer: { name: "adam", lr: 0.01 },
    clip: { globalNorm: 0.5 },
    validation: 0.2,
    steps: 60,
    ...more,
  };
  writeFileSync(join(cwd, "run.json"), JSON.stringify(spec));
  return cwd;
};
const inRun = (cwd: string, name: string): string => join(cwd, "runs/houses-1", name);
const read = (cwd: string, name: string): string => readFileSync(inRun(cwd, name), "utf8");

/** Every opened element is closed, in order. */
function unclosed(markup: string): string[] {
  const open: string[] = [];
  const text = markup.replace(/<!doctype html>|<style>.*?<\/style>/gs, "");
  for (const [, close, name, self] of text.matchAll(/<(\/?)([a-zA-Z][\w-]*)(?:[^>"]|"[^"]*")*?(\/?)>/g)) {
    if (self === "/" || name === "meta") continue;
    if (close === "") open.push(name!);
    else if (open.pop() !== name) return [...open, `/${name}`];
  }
  return open;
}

test("a run leaves a curve as SVG and PNG and a page that needs nothing else", async () => {
  const cwd = houses({});
  const { code, stdout } = await steepest(["train", "run.json", "--quiet"], { cwd });
  expect(code).toBe(0);
  expect(stdout).toContain("loss.svg, loss.png, report.html");

  const svg = read(cwd, "loss.svg");
  expect(svg).toMatch(/^<svg[^>]* xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  expect(unclosed(svg)).toEqual([]);
  const longest = Math.max(...[...svg.matchAll(/ d="([^"]*)"/g)].map((m) => m[1]!.length));
  expect(longest).toBeGreaterThan(60 * 8); // 60 points of two coordinates

  const png = readFileSync(inRun(cwd, "loss.png"));
  expect([...png.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  expect(png.toString("latin1", 12, 16)).toBe("IHDR");
  expect(png.readUInt32BE(16)).toBe(1720);
  expect(png.toString("latin1", png.length - 8, png.length - 4)).toBe("IEND");

  const page = read(cwd, "report.html");
  expect(unclosed(page)).toEqual([]);
  expect(page).not.toMatch(/<script|<img|<link|@import|url\(|(?:src|href)="(?!#)/);
  expect(page.match(/<h1>/g)).toHaveLength(1);
  for (const part of ["Result", "Diagnosis", "Gradient norm", "Configuration", "Environment"])
    expect(page).toMatch(new RegExp(`<h2>${part}`));
  expect(page).toContain('<th scope="row">optimizer.lr</th><td>0.01</td>');
  expect(page).toContain("clip 0.5");
  expect(page).toMatch(/prefers-color-scheme:dark/);
  for (const [, alt] of page.matchAll(/<figure role="img" aria-label="([^"]*)"/g))
    expect(alt!.length).toBeGreaterThan(20);
  const paths = [...page.matchAll(/ d="([^"]*)"/g)].map((m) => m[1]!);
  expect(Math.max(...paths.map((d) => d.length))).toBeGreaterThan(60 * 8);
});

test("--no-plots leaves them out; a range test in the folder is on the page", async () => {
  const cwd = houses({ steps: 30 });
  await steepest(["train", "run.json", "--quiet", "--no-plots"], { cwd });
  expect(["loss.svg", "loss.png", "report.html"].filter((f) => existsSync(inRun(cwd, f)))).toEqual([]);
  const curve = Array.from({ length: 50 }, (_, k) => {
    const lr = 1e-5 * 10 ** (k / 10);
    const loss = 2 - 1.5 * Math.exp(-((Math.log10(lr) + 2) ** 2)) + (k > 45 ? 10 ** (k - 44) : 0);
    return { lr, loss, smoothed: k > 48 ? null : loss };
  });
  writeFileSync(
    inRun(cwd, "find-lr.json"),
    JSON.stringify({
      schema: "steepest.find-lr/1",
      suggestion: 0.004,
      reason: "just before it rises",
      lrMin: 0.01,
      lrRise: 0.02,
      lrDiverged: 0.8,
      spread: [0.003, 0.005],
      curve,
      curvatureLimit: null,
    }),
  );
  const more = ["train", "runs/houses-1", "--resume", "--steps", "40", "--quiet"];
  expect((await steepest(more, { cwd })).code).toBe(0);
  const page = read(cwd, "report.html");
  expect(page).toContain("The search suggests 0.004 (the best between 0.003 and 0.005)");
  expect(page).toContain("Loss by learning rate");
  expect(page).not.toMatch(/="[^"]*NaN[^"]*"/);
});

test("an interrupted run has its page too", async () => {
  const cwd = houses({ steps: 50_000_000 });
  const { child, finished } = start(["train", "run.json"], { cwd });
  child.stderr!.once("data", () => setTimeout(() => child.kill("SIGINT"), 300));
  const { code } = await finished;
  expect(code).toBe(130);
  expect(read(cwd, "report.html")).toContain("interrupted: ");
});

test("a leap is told once while the run trains, on standard error; --strict then fails it", async () => {
  const cwd = houses({
    data: { source: "digits" },
    model: { kind: "mlp", hidden: [64] },
    optimizer: { name: "sgd", lr: 100 },
    clip: undefined,
    steps: 8000,
  });
  const args = ["train", "run.json", "--json", "--strict", "--no-plots"];
  const { code, stdout, stderr } = await steepest(args, { cwd });
  const { schema, diagnosis } = JSON.parse(stdout) as {
    schema: string;
    diagnosis: { findings: { id: string; severity: string }[] };
  };
  expect(schema).toBe("steepest.train/1");
  expect(diagnosis.findings.filter((f) => f.severity === "critical").length).toBeGreaterThan(0);
  expect(stderr.match(/✗ early jump at step/g)).toHaveLength(1);
  expect(code).toBe(1);
});

test("a run that the guard stops keeps its document, its page, and one error", async () => {
  const cwd = houses({ optimizer: { name: "sgd", lr: 1e6 }, clip: undefined, steps: 300 });
  const { code, stdout, stderr } = await steepest(["train", "run.json", "--json"], { cwd });
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ schema: "steepest.train/1", status: "non-finite" });
  expect(stderr.match(/error\[/g)).toHaveLength(1);
  expect(read(cwd, "report.html")).toContain("stopped, not finite");
});
