/** The command line's diagnosis in processes of its own: documents, exit codes, streams, watching. */
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { Diagnosis } from "../../src/diagnose/index.ts";
import { type Finished, folder, start, steepest } from "./steepest.ts";

const test_ = fileURLToPath(new URL("..", import.meta.url));
const real = (name: string): string => join(test_, "logs/real", name);
const nanogpt = real("03-nanogpt-recurrent-spikes-overfit.log");
const good = real("12-csv-cs336-lr3e-3-best.csv");
const bloom = real("01-megatron-bloom176b-recovered-spike.log");

/** With a standard input to write to; `env` is added to the environment. */
function piped(args: readonly string[], input: string, env: NodeJS.ProcessEnv = {}): Promise<Finished> {
  const child = spawn(process.execPath, [join(test_, "cli/launch.js"), ...args], {
    env: { ...process.env, ...env },
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

/** A healthy descent of `points`, as CSV. */
const descent = (points: number): string =>
  `step,loss,lr\n${Array.from({ length: points }, (_, k) => `${k},${(2 * Math.exp(-k / 40) + 0.1).toFixed(5)},0.1\n`).join("")}`;

test("--json prints one document with every field of the contract, and nothing else", async () => {
  const { code, stdout } = await steepest(["diagnose", nanogpt, good, "--json"], { cwd: folder() });
  expect(code).toBe(0);
  const { schema, runs } = JSON.parse(stdout) as Diagnosis;
  expect(schema).toBe("steepest.diagnosis/1");
  expect(runs.map((r) => r.source)).toEqual([nanogpt, good]);
  expect(runs[0]).toMatchObject({
    format: "text",
    run: null,
    series: { loss: "loss", validation: "val loss" },
    points: 2156,
    steps: [0, 2155],
  });
  const overfit = runs[0]!.findings.find((f) => f.id === "overfitting");
  expect(overfit).toMatchObject({ advice: expect.any(String), evidence: { bestStep: 800 } });
  expect(overfit!.steps[0]).toBe(800);
});

test("--strict fails on a critical finding only", async () => {
  const cwd = folder();
  writeFileSync(join(cwd, "nan.csv"), `${descent(80)}80,nan,0.1\n`);
  writeFileSync(join(cwd, "fine.csv"), descent(80));
  expect((await steepest(["diagnose", "nan.csv", "--strict"], { cwd })).code).toBe(1);
  expect((await steepest(["diagnose", "nan.csv"], { cwd })).code).toBe(0);
  expect((await steepest(["diagnose", "fine.csv", "--strict"], { cwd })).code).toBe(0);
});

test("standard input is read with - and, when piped, without it; non-finite numbers stay valid JSON", async () => {
  const log = `${descent(80)}80,inf,0.1\n`;
  const [named, unnamed] = await Promise.all([
    piped(["diagnose", "-", "--json"], log),
    piped(["diagnose", "--json"], log),
  ]);
  expect(named.code).toBe(0);
  expect(unnamed.stdout).toBe(named.stdout);
  expect((JSON.parse(named.stdout) as Diagnosis).runs[0]).toMatchObject({ source: "-", points: 81 });
});

test.each([
  [["no-such-log"], "error[log-not-found]"],
  [[], "error[usage]"],
  [["-", "-"], "error[usage]"],
  [[good, "--loss", "nope"], "error[unknown-series]"],
  [[good, "--on-alert", "true"], "error[usage]"],
  [[good, "--report", "no/folder/r.html"], "error[not-writable]"],
])("%j is refused with 2 and a remedy", async (args, id) => {
  const { code, stderr, stdout } = await steepest(["diagnose", ...args], { cwd: folder() });
  expect(stderr).toContain(id);
  expect(stderr).toContain("help: ");
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
});

test.each([30, 60, 100])("no line is wider than a terminal of %i columns", async (columns) => {
  const env = { COLUMNS: String(columns) };
  for (const path of [nanogpt, bloom]) {
    const { stdout } = await piped(["diagnose", path], "", env);
    expect(Math.max(...stdout.split("\n").map((l) => [...l].length))).toBeLessThanOrEqual(columns);
  }
});

test("--ascii draws the curve and the verdict in ASCII; without a terminal there are no colours", async () => {
  const { stdout } = await steepest(["diagnose", nanogpt, "--ascii"], { cwd: folder() });
  expect(stdout).toMatch(/^[\n\x20-\x7e]*$/);
  const { stdout: braille } = await steepest(["diagnose", nanogpt], { cwd: folder() });
  expect(braille).toMatch(/[\u2801-\u28ff]/);
  expect(braille).not.toContain("\u001b");
});

test("runs given together end in a table, the best final loss among them", async () => {
  const sweep = ["11-csv-cs336-lr1e-4-too-low-but-smooth.csv", "12-csv-cs336-lr3e-3-best.csv"].map(real);
  const { stdout } = await steepest(["diagnose", ...sweep], { cwd: folder() });
  const table = stdout.slice(stdout.indexOf("run  "));
  expect(table).toMatch(/too-low-but-smooth\.csv +▼ too low/);
  expect(table).toMatch(/best\.csv +✓ good/);
});

test("the page is self-contained, shows its findings, and holds a hostile name as text", async () => {
  const cwd = folder();
  const name = "<img src=x onerror=alert(1)>.csv";
  writeFileSync(join(cwd, name), `${descent(80)}80,nan,0.1\n`);
  expect((await steepest(["diagnose", name, "--report", "r.html"], { cwd })).code).toBe(0);
  const page = readFileSync(join(cwd, "r.html"), "utf8");
  expect(page).toContain("&lt;img src=x");
  expect(page).not.toContain("<img");
  expect(page).not.toMatch(/<script|(?:src|href)="(?!#)/);
  expect(page).toMatch(/<svg[\s\S]*non-finite/);
  // 80 points of two coordinates are drawn, for wide and for narrow readers
  const curves = [...page.matchAll(/ d="([^"]*)"/g)].filter((m) => m[1]!.length > 80 * 8);
  expect(curves.length).toBeGreaterThanOrEqual(2);
});

test("a reader that goes away is no error", async () => {
  const child = spawn(
    process.execPath,
    [join(test_, "cli/launch.js"), "diagnose", join(test_, "runs"), "--json"],
    {
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdout.destroy();
  const code = await new Promise((resolve) => child.on("close", resolve));
  expect(stderr).not.toContain("error[");
  expect(code).toBe(0);
});

test("--watch: an alert within a second of the line, the command with the finding; Ctrl-C ends with 130", async () => {
  const cwd = folder();
  const log = join(cwd, "log.csv");
  writeFileSync(log, descent(80));
  const command =
    'printf "%s %s %s %s" "$STEEPEST_FINDING" "$STEEPEST_STEP" "$STEEPEST_RUN" "$STEEPEST_EVIDENCE" > alert-$STEEPEST_FINDING; exit 3';
  const { child, finished } = start(["diagnose", "log.csv", "--watch", "--on-alert", command], { cwd });
  let [seen, notes] = ["", ""];
  child.stdout!.on("data", (text: string) => (seen += text));
  child.stderr!.on("data", (text: string) => (notes += text));
  while (!notes.includes("watching")) await sleep(10);
  await sleep(500);
  expect(seen).toBe("");
  appendFileSync(log, "80,nan,0.1\n");
  while (!seen.includes("non-finite at step 80") && child.exitCode === null) await sleep(5);
  const alert = join(cwd, "alert-non-finite");
  while (!existsSync(alert) || !notes.includes("exit code 3")) await sleep(10);
  const [, step, run, evidence] = /^non-finite (\S+) (\S+) (.*)$/.exec(readFileSync(alert, "utf8"))!;
  expect([step, run]).toEqual(["80", "log.csv"]);
  expect(JSON.parse(evidence!)).toMatchObject({ firstStep: 80 });
  child.kill("SIGINT");
  const { code, stdout } = await finished;
  expect(code).toBe(130);
  expect(stdout).toContain("no verdict on the learning rate");
});

test("a watched file that is written anew is read from its beginning", async () => {
  const cwd = folder();
  const log = join(cwd, "log.csv");
  writeFileSync(log, descent(80));
  const { child, finished } = start(["diagnose", "log.csv", "--watch"], { cwd });
  let [seen, notes] = ["", ""];
  child.stdout!.on("data", (text: string) => (seen += text));
  child.stderr!.on("data", (text: string) => (notes += text));
  while (!notes.includes("watching")) await sleep(10);
  await sleep(500);
  writeFileSync(log, `${descent(100).replace("0.1\n", "0.2\n")}100,nan,0.2\n`);
  while (!seen.includes("at step 100") && child.exitCode === null) await sleep(5);
  // a third run, whose numbers go wrong where those of the second were wrong already
  writeFileSync(log, `${descent(60).replace("0.1\n", "0.3\n")}60,nan,0.3\n`);
  while (!seen.includes("at step 60") && child.exitCode === null) await sleep(5);
  child.kill("SIGINT");
  expect((await finished).code).toBe(130);
});

test("--format writes Markdown, GitHub's commands, SARIF and a brief document, each alone on standard output", async () => {
  const cwd = folder();
  writeFileSync(join(cwd, "a,b 100%.csv"), `${descent(80)}80,nan,0.1\n`);
  const say = async (...flags: string[]): Promise<string> => {
    const { code, stdout } = await steepest(["diagnose", "a,b 100%.csv", ...flags], { cwd });
    expect(code).toBe(0);
    return stdout;
  };
  const markdown = await say("--format", "markdown");
  expect(markdown).toMatch(/^## ✗ a,b 100%\.csv: non-finite\n/);
  expect(markdown).toContain("**no verdict on the learning rate**");
  const lines = (await say("--format", "github")).trimEnd().split("\n");
  // what the workflow command's own separators would break is escaped
  expect(lines[0]).toMatch(/^::notice file=a%2Cb 100%25\.csv,title=a%2Cb 100%25\.csv%3A no verdict/);
  expect(lines[1]).toMatch(/^::error file=a%2Cb 100%25\.csv,title=non-finite%2C step 80::/);
  const sarif = JSON.parse(await say("--format", "sarif"));
  expect(sarif.version).toBe("2.1.0");
  const [{ tool, results }] = sarif.runs;
  for (const r of results) {
    expect(tool.driver.rules[r.ruleIndex].id).toBe(r.ruleId);
    expect(r.locations[0].physicalLocation.artifactLocation.uri).toBe("a%2Cb%20100%25.csv");
  }
  expect(results.map((r: { ruleId: string; level: string }) => [r.ruleId, r.level])).toContainEqual([
    "non-finite",
    "error",
  ]);
  const brief = await say("--json=brief");
  expect(brief.length).toBeLessThan(1600); // 400 tokens at 4 characters each
  expect(JSON.parse(brief)).toMatchObject({
    schema: "steepest.diagnosis-brief/1",
    runs: [
      {
        verdict: "inconclusive",
        multiply: null,
        findings: [{ id: "non-finite", steps: [80, 80] }, { id: "slow-progress" }],
      },
    ],
  });
});

test("--json and --format together, and an unknown format, are wrong usage", async () => {
  const both = await steepest(["diagnose", good, "--json", "--format", "sarif"], { cwd: folder() });
  expect(both).toMatchObject({ code: 2, stdout: "" });
  expect(both.stderr).toContain("both ask for standard output");
  const unknown = await steepest(["diagnose", good, "--format", "xml"], { cwd: folder() });
  expect(unknown).toMatchObject({ code: 2, stdout: "" });
  expect(unknown.stderr).toContain("markdown, github, sarif, brief");
});

test("--explain says how the file was read and what the verdict was chosen from", async () => {
  const { code, stdout } = await piped(["diagnose", "-", "--explain"], descent(200));
  expect(code).toBe(0);
  expect(stdout).toMatch(/How it was read/);
  expect(stdout).toMatch(/loss is (read|taken) as loss/);
  expect(stdout.replace(/\s+/g, " ")).toMatch(/the rate is: too low \d+ %, good \d+ %/);
  expect((await piped(["diagnose", "-"], descent(200))).stdout).not.toMatch(/How it was read/);
});

test("--baseline says where a run leaves the good one, in the report, in JSON and on the page", async () => {
  const cwd = folder();
  const cases = join(test_, "diagnose/cases");
  const [lost, kept] = ["optimizer-state-lost.csv", "optimizer-state-kept.csv"].map((f) => join(cases, f));
  const say = async (...more: string[]): Promise<Finished> =>
    steepest(["diagnose", lost!, "--baseline", kept!, ...more], { cwd });
  expect((await say("--report", "page.html")).stdout).toMatch(/Beside the good run\n[\s\S]*at step 601\./);
  expect(readFileSync(join(cwd, "page.html"), "utf8")).toContain("Beside the good run");
  const [run] = (JSON.parse((await say("--json")).stdout) as Diagnosis).runs;
  expect(run!.baseline).toMatchObject({ partsAt: 601, steps: [0, 899] });
  expect(run!.checks.skipped).toContainEqual({ id: "overfitting", reason: "the log has no validation loss" });
  expect(await steepest(["diagnose", lost!, "--baseline", "none.csv"], { cwd })).toMatchObject({ code: 2 });
  const folderOfTwo = await steepest(["diagnose", lost!, "--baseline", cases], { cwd });
  expect(folderOfTwo.code).toBe(2);
  expect(folderOfTwo.stderr).toMatch(/holds \d+ runs with a loss/);
});

test("--explain says how each of many runs was read", async () => {
  const cwd = folder();
  const names = Array.from({ length: 8 }, (_, k) => `run-${k}.csv`);
  for (const name of names) writeFileSync(join(cwd, name), descent(80));
  const { stdout } = await steepest(["diagnose", ...names, "--explain"], { cwd });
  expect(stdout.match(/How it was read, and why/g)).toHaveLength(8);
});
