/**
 * Input that is built to hurt: each is refused in words and in time that grows with its size, and nothing of it reaches
 * the terminal as more than text. Times are bounded by the tests' own limit: what was quadratic took minutes.
 */
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { diagnose } from "../../src/diagnose/index.ts";
import { createReader, readLog, seriesOf } from "../../src/logs/index.ts";
import { SteepestError } from "../../src/run/errors.ts";
import { applyOverrides } from "../../src/run/overrides.ts";
import { parseRun } from "../../src/run/parse-run.ts";
import { parseRunText } from "../../src/run/run-file.ts";
import { parseFormula } from "../../src/surface/formula/parse.ts";
import { decodeSafeTensors } from "../../src/train/safetensors.ts";
import { folder, start, steepest } from "../cli/steepest.ts";

const good = {
  name: "t",
  data: { source: "lesson-logistic" },
  model: { kind: "linear" },
  optimizer: { name: "sgd", lr: 0.1 },
  steps: 5,
  validation: 0,
};
const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, 1]));

const refused = (work: () => unknown): SteepestError => {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(SteepestError);
    return error as SteepestError;
  }
  throw new Error("it was accepted");
};
const reading = (text: string, name = "run.json"): SteepestError =>
  refused(() => {
    const { record, locate } = parseRunText(text, name);
    parseRun(record, { locate });
  });

describe("run files", () => {
  test("an alias without its anchor", () => {
    const text = readFileSync(join(import.meta.dirname, "run-unknown-alias.yaml"), "utf8");
    expect(reading(text, "run.yaml").message).toMatch(/alias \*nothing names nothing, at run\.yaml:1:4/);
  });

  test("aliases that multiply", () => {
    const row = (i: number): string => `a${i}: &a${i} [${Array(9).fill(i === 0 ? "x" : `*a${i - 1}`)}]`;
    const text = Array.from({ length: 12 }, (_, i) => row(i)).join("\n");
    expect(reading(text, "run.yaml").message).toMatch(/aliases repeat too many values/);
  });

  test("an alias inside what it names", () => {
    expect(reading("name: t\nmodel: &m\n  kind: *m\n", "run.yaml").message).toMatch(
      /\*m stands inside what it names, at run\.yaml:3:9/,
    );
  });

  test("a hundred thousand layers", () => {
    const model = { kind: "mlp", hidden: Array(100_000).fill(2) };
    expect(reading(JSON.stringify({ ...good, model })).help).toMatch(/at most 1000 sizes/);
  });

  test.each([
    ["JSON lists", "run.json", `{"data": ${"[".repeat(6000)}${"]".repeat(6000)}}`],
    ["JSON that never closes", "run.json", `{"data": ${"[".repeat(60_000)}`],
    ["YAML records", "run.yaml", `data: ${"{a: ".repeat(6000)}1${"}".repeat(6000)}`],
  ])("%s nested thousands of levels deep", (_, name, text) => {
    expect(reading(text, name).message).toMatch(/nests more than 100 levels deep, at run\.\w+:1:\d+/);
  });

  test.each([
    ["the run", { ...good, ...many }, /unknown key "k0" \(and 99999 more\), at run\.json:1:\d+/],
    ["its data", { ...good, data: { csv: "x.csv", ...many } }, /unknown key "k0" in data/],
  ])("a hundred thousand unknown keys in %s", (_, record, message) => {
    expect(reading(JSON.stringify(record)).message).toMatch(message);
  });

  test("a key that is written twice", () => {
    expect(reading('{"steps": 1,\n "steps": 2}').message).toMatch(/unique, at run\.json:2:2/);
    expect(reading("data: {}\nmodel:\n  kind: mlp\n  kind: cnn\n", "run.yaml").message).toMatch(
      /unique, at run\.yaml:4:3/,
    );
  });

  test("a name that no folder can have", () => {
    expect(reading(JSON.stringify({ ...good, name: "n".repeat(300) }))).toMatchObject({
      id: "run-file",
      help: "name must have at most 200 characters, for it names a folder",
    });
  });

  test.each(["__proto__", "constructor", "prototype"])("a flag that names %s", (word) => {
    expect(refused(() => applyOverrides(good, [{ at: ["data", word, "x"], value: 1 }])).id).toBe("usage");
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });
});

test.each([
  ["a sum of thousands of terms", `${"x^2+".repeat(2400)}y`],
  ["thousands of signs", `${"-".repeat(4000)}x`],
  ["thousands of brackets", `${"(".repeat(4000)}x${")".repeat(4000)}`],
  ["a tower of powers", `${"x^".repeat(3000)}y`],
])("a formula of %s", async (_, text) => {
  await expect(parseFormula(text)).rejects.toMatchObject({ id: "formula" });
});

describe("safetensors", () => {
  const file = (header: string, bytes = 0): Uint8Array => {
    const out = Buffer.alloc(8 + header.length + bytes);
    out.writeBigUInt64LE(BigInt(header.length));
    out.write(header, 8);
    return out;
  };
  const entry = (from: number, to: number): object => ({
    dtype: "F32",
    shape: [(to - from) / 4],
    data_offsets: [from, to],
  });

  test("thousands of tensors over the same bytes", () => {
    const tensors = Array.from({ length: 20_000 }, (_, i) => [`t${i}`, entry(0, 100_000)]);
    const bytes = file(JSON.stringify(Object.fromEntries(tensors)), 100_000);
    expect(refused(() => decodeSafeTensors(bytes, "x")).message).toMatch(/"t0" and "t1" share bytes/);
  });

  test("tensors side by side, in any order, with an empty one between", () => {
    const header = JSON.stringify({ b: entry(8, 16), none: entry(8, 8), a: entry(0, 8) });
    expect([...decodeSafeTensors(file(header, 16), "x").tensors.keys()].sort()).toEqual(["a", "b", "none"]);
  });

  test("a header of 64 MB of blanks", () => {
    expect(decodeSafeTensors(file(`{${" ".repeat(64 << 20)}}`), "x").tensors.size).toBe(0);
  });

  test.each(["toString", "constructor", "__proto__"])("a tensor of type %s", (dtype) => {
    const header = `{"a": {"dtype": "${dtype}", "shape": [1], "data_offsets": [0, 4]}}`;
    expect(refused(() => decodeSafeTensors(file(header, 4), "x")).message).toMatch(/type/);
  });
});

describe("logs", () => {
  const steps = (line: (i: number) => string): Uint8Array =>
    Buffer.from(Array.from({ length: 100 }, (_, i) => `${line(i)}\n`).join(""));

  test("NaN before a key", async () => {
    const log = await readLog(readFileSync(join(import.meta.dirname, "nan-before-key.log")), { source: "x" });
    const [run] = diagnose(log).runs;
    expect(run?.findings.map((f) => f.id)).toContain("non-finite");
    expect(run?.verdict).toBe("too-high");
  });

  test.each([
    ["blanks between", (i: number) => `step ${i}${" ".repeat(65_000)}loss ${3 - i / 100}`],
    ["blanks before", (i: number) => `${" ".repeat(65_000)}step ${i} loss ${3 - i / 100}`],
  ])("lines of 64 kB of %s", async (_, line) => {
    const [log] = await readLog(steps(line), { source: "x" });
    expect(log?.series.find((s) => s.role === "loss")?.values.length).toBe(100);
  });

  test("a table of ten thousand columns, as it grows", async () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `layers.${i}.norm`).join(",");
    const row = "0.5,".repeat(10_000);
    const text = `${names},loss\n${[3, 2, 1.5].map((loss) => `${row}${loss}\n`).join("")}`;
    const reader = createReader({ source: "x" });
    for (let at = 0; at < text.length; at += 1 << 20)
      reader.push(Buffer.from(text.slice(at, at + (1 << 20))));
    expect([...seriesOf(reader.end()[0]!, "loss")!.values]).toEqual([3, 2, 1.5]);
  });

  test("lines of 64 kB without words", async () => {
    await expect(
      readLog(
        steps((i) => `step ${i}${",".repeat(65_000)}x`),
        { source: "x" },
      ),
    ).rejects.toBeInstanceOf(SteepestError);
  });
});

test("a table of a hundred thousand columns trains", async () => {
  const cwd = folder();
  const columns = Array.from({ length: 100_000 }, (_, i) => i);
  const row = columns.map(() => "0.001").join(",");
  writeFileSync(join(cwd, "d.csv"), `${columns.map((i) => `c${i}`).join(",")}\n${`${row}\n`.repeat(6)}`);
  writeFileSync(join(cwd, "run.json"), JSON.stringify({ ...good, data: { csv: "d.csv", target: "c0" } }));
  const { code, stderr } = await steepest(["train", "run.json", "--json", "--no-plots"], { cwd });
  expect(stderr).toMatch(/100,000 parameters/);
  expect(code).toBe(0);
});

describe("what the system refuses", () => {
  test.each([
    ["as run file", ["train", "loop"]],
    ["as folder to write", ["train", "run.json", "--out", "loop"]],
    ["as a log", ["diagnose", "loop"]],
  ])("links in a circle %s", async (_, args) => {
    const cwd = folder();
    writeFileSync(join(cwd, "run.json"), JSON.stringify(good));
    symlinkSync("loop", join(cwd, "loop"));
    const { code, stderr } = await steepest(args, { cwd });
    expect(stderr).toMatch(/^error\[(file|log-unreadable)\]: .*(ELOOP|circle).*\nhelp: .*\n$/);
    expect(code).not.toBe(0);
  });

  test.skipIf(process.platform !== "linux")("a full standard output", async () => {
    const { code, stderr } = await toFullDisk(["schedule", "cosine-annealing"]);
    expect(stderr).toBe(
      "error[file]: standard input or output can't be used: the disk is full\nhelp: check the path and the disk, then try again\n",
    );
    expect(code).toBe(1);
  });
});

async function toFullDisk(args: readonly string[]): Promise<{ code: number | null; stderr: string }> {
  return start(args, { cwd: folder(), stdout: "/dev/full" }).finished;
}

describe("nothing of a name or a log reaches the terminal as a command", () => {
  const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
  const evil = "x\u001b[31m\u009b2J\u202e";

  test.each([
    ["a missing run file", ["train", `${evil}.json`]],
    ["a missing log", ["diagnose", `${evil}.log`]],
    ["a command", [evil]],
    ["a flag", ["train", "run.json", `--a${evil}`, "1"]],
    ["a setting", ["train", "run.json", "--loss", evil]],
    ["a flag's value", ["lab", "--port", evil]],
    ["a formula", ["descend", `x + ${evil}`]],
    ["a log's name and text", ["diagnose", `log${evil}.csv`]],
    ["the same as JSON", ["diagnose", `log${evil}.csv`, "--json"]],
    ["the same as Markdown", ["diagnose", `log${evil}.csv`, "--format", "markdown"]],
    ["the same explained", ["diagnose", `log${evil}.csv`, "--explain"]],
  ])("%s", async (_, args) => {
    const cwd = folder();
    writeFileSync(join(cwd, "run.json"), JSON.stringify(good));
    const rows = Array.from({ length: 60 }, (__, i) => `${i},${i > 50 ? "nan" : 3 - i / 30},1`);
    writeFileSync(join(cwd, `log${evil}.csv`), `step,loss${evil},lr${evil}\n${rows.join("\n")}\n`);
    const { stdout, stderr } = await steepest(args, { cwd });
    expect(stdout + stderr).not.toBe("");
    expect(stdout + stderr).not.toMatch(CONTROL);
    expect(stdout + stderr).not.toMatch(/error\[internal\]/);
  });
});
