/** Bad input: one clear message with the remedy, exit 2 (1 for failures while running), nothing written harmed. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Finished, folder, steepest } from "./steepest.ts";

const good = {
  name: "t",
  data: { source: "lesson-logistic" },
  model: { kind: "linear" },
  optimizer: { name: "sgd", lr: 0.1 },
  steps: 5,
  validation: 0,
};

interface Bad {
  readonly title: string;
  /** Content of files beside the run file; `run.json` is the run file itself. */
  readonly files?: Readonly<Record<string, string | object>>;
  readonly args?: readonly string[];
  readonly code?: number;
  readonly message: RegExp;
  readonly help: RegExp;
}

const csv = (rows: string): NonNullable<Bad["files"]> => ({
  "d.csv": rows,
  "run.json": { ...good, data: { csv: "d.csv", target: "y" } },
});

const cases: readonly Bad[] = [
  {
    title: "missing run file",
    args: ["nun.json"],
    message: /error\[run-missing\]: there is no run file nun\.json/,
    help: /did you mean run\.json/,
  },
  { title: "a folder as run file", args: ["."], message: /\. is a folder/, help: /--resume/ },
  { title: "no run file", args: [], message: /error\[usage\]: missing required argument/, help: /--help/ },
  {
    title: "malformed JSON",
    files: { "run.json": '{\n  "data": { "source": "digits" },\n  "model": }\n' },
    message: /error\[run-syntax\]: not valid JSON: .*, at run\.json:3:12/,
    help: /correct that place/,
  },
  {
    title: "truncated JSON",
    files: { "run.json": '{\n  "data": {' },
    message: /not valid JSON: .*, at run\.json:2:12/,
    help: /correct that place/,
  },
  {
    title: "malformed YAML",
    files: { "run.yaml": "data: { source: digits }\nmodel: { kind: linear\noptimizer: sgd\n" },
    args: ["run.yaml"],
    message: /error\[run-syntax\]: not valid YAML: .*, at run\.yaml:3:/,
    help: /correct that place/,
  },
  {
    title: "unknown key",
    files: { "run.json": `{\n "optmizer": {}, ${JSON.stringify(good).slice(1)}` },
    message: /error\[run-file\]: unknown key "optmizer", at run\.json:2:2/,
    help: /did you mean "optimizer"/,
  },
  {
    title: "unknown key inside data",
    files: { "run.json": { ...good, data: { csv: "d.csv", traget: "y" } } },
    message: /unknown key "traget" in data, at run\.json:1:/,
    help: /did you mean "target"/,
  },
  {
    title: "unknown flag",
    args: ["run.json", "--stpes", "5"],
    message: /unknown flag --stpes/,
    help: /did you mean --steps/,
  },
  {
    title: "unknown optimizer",
    args: ["run.json", "--optimizer", "adamm"],
    message: /no optimizer named "adamm"/,
    help: /did you mean "adam"/,
  },
  {
    title: "unknown optimizer option",
    args: ["run.json", "--optimizer.momentun", "0.9"],
    message: /no option "momentun"/,
    help: /did you mean "momentum"/,
  },
  {
    title: "unknown schedule",
    args: ["run.json", "--schedule", "cosin"],
    message: /there is no schedule "cosin"/,
    help: /did you mean/,
  },
  {
    title: "unknown loss",
    args: ["run.json", "--loss", "mze"],
    message: /"mze"/,
    help: /did you mean "mse"/,
  },
  {
    title: "unknown model",
    args: ["run.json", "--model.kind", "mpl"],
    message: /model of kind "mpl"/,
    help: /did you mean "mlp"/,
  },
  {
    title: "unknown data set",
    args: ["run.json", "--data.source", "digitz"],
    message: /digitz/,
    help: /did you mean digits/,
  },
  {
    title: "unknown backend",
    args: ["run.json", "--backend", "wasn"],
    message: /"wasn"/,
    help: /did you mean "wasm"/,
  },
  {
    title: "unknown clip",
    args: ["run.json", "--clip.globalnorm", "1"],
    message: /clip/,
    help: /globalNorm/,
  },
  {
    title: "lr of 0",
    args: ["run.json", "--optimizer.lr", "0"],
    message: /optimizer\.lr is 0, at --optimizer\.lr/,
    help: /must be a positive number/,
  },
  {
    title: "negative lr",
    args: ["run.json", "--optimizer.lr", "-0.1"],
    message: /optimizer\.lr is -0\.1/,
    help: /must be a positive number/,
  },
  {
    title: "lr of NaN",
    args: ["run.json", "--optimizer.lr", "NaN"],
    message: /optimizer\.lr is NaN/,
    help: /must be a positive number/,
  },
  {
    title: "lr that is no number",
    args: ["run.json", "--optimizer.lr", "fast"],
    message: /optimizer\.lr is "fast"/,
    help: /must be a positive number/,
  },
  { title: "steps of 0", args: ["run.json", "--steps", "0"], message: /steps is 0/, help: /greater than 0/ },
  {
    title: "fractional steps",
    args: ["run.json", "--steps", "1.5"],
    message: /steps is 1\.5/,
    help: /whole number/,
  },
  {
    title: "epochs and steps",
    files: { "run.json": { ...good, epochs: 3 } },
    message: /both epochs and steps/,
    help: /remove one/,
  },
  {
    title: "a batch larger than the data",
    args: ["run.json", "--batchSize", "500"],
    message: /500.*200/,
    help: /at most 200/,
  },
  {
    title: "missing data file",
    files: { "run.json": { ...good, data: { csv: "nope.csv", target: "y" } } },
    message: /there is no file .*nope\.csv/,
    help: /check the path/,
  },
  {
    title: "absent target column",
    files: csv("a,y\n1,2\n2,3\n"),
    args: ["run.json", "--data.target", "z"],
    message: /"?z"?/,
    help: /y/,
  },
  {
    title: "non-numeric cell",
    files: csv("a,y\n1,0.5\n2,1.5\nx1,2.5\n4,3.5\n5,4.5\n6,5.5\n"),
    message: /row 4.*column.*a|line 4.*column.*a/,
    help: /./,
  },
  {
    title: "label out of range",
    files: {
      "run.json": { ...good, data: { npy: "x.npy", target: "l.npy", classes: 3 } },
      "x.npy": "",
      "l.npy": "",
    },
    message: /label 7.*0 to 2/,
    help: /./,
  },
  {
    title: "shapes that don't fit",
    files: {
      "own.js":
        'import { nn } from "steepest";\nexport default { ...JSON.parse(process.env.GOOD), model: nn.linear(7, 2) };\n',
    },
    args: ["own.js"],
    message: /^error\[shape\]: linear: it takes rows of 7 values, but gets \[64, 5\](?!.*node_modules)/,
    help: /./,
  },
  {
    title: "a module that fails",
    files: { "own.js": "export default { lr: nonsense };\n" },
    args: ["own.js"],
    message: /nonsense is not defined, (at|in) .*own\.js/,
    help: /./,
  },
  {
    title: "a loss that becomes NaN",
    files: {
      "run.json": {
        ...good,
        data: { source: "lesson-least-squares" },
        loss: "mse",
        batchSize: "full",
        optimizer: { name: "sgd", lr: 1e9 },
        steps: 500,
      },
    },
    code: 1,
    message: /error\[non-finite\]: .*, at step \d+ \(lr 1000000000\)/,
    help: /smaller learning rate \(--optimizer\.lr 100000000\).*checkpoint is kept/,
  },
  {
    title: "a clip that refuses gradients that are not finite, in a run that goes on otherwise",
    files: {
      "run.json": {
        ...good,
        data: { source: "lesson-least-squares" },
        loss: "mse",
        batchSize: "full",
        optimizer: { name: "sgd", lr: 1e150 },
        clip: { globalNorm: 1, errorIfNonfinite: true },
        nonFinite: "continue",
        steps: 500,
      },
    },
    code: 1,
    message: /error\[non-finite\]: \d+ gradient entries are NaN or infinite, at step \d+/,
    help: /lower the learning rate/,
  },
];

/** NPY version 1.0, little-endian (numpy/lib/format.py). */
function npy(descr: "<f4" | "<i4", shape: readonly number[], values: readonly number[]): Buffer {
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const header = `${dict.padEnd(64 * Math.ceil((dict.length + 11) / 64) - 11)}\n`;
  const head = Buffer.alloc(10);
  head.write("\x93NUMPY\x01\x00", "latin1");
  head.writeUInt16LE(header.length, 8);
  const data = descr === "<f4" ? Float32Array.from(values) : Int32Array.from(values);
  return Buffer.concat([head, Buffer.from(header), Buffer.from(data.buffer)]);
}

function prepare(files: Bad["files"] = {}): string {
  const cwd = folder();
  for (const [name, content] of Object.entries({ "run.json": good, ...files })) {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    writeFileSync(
      join(cwd, name),
      name === "x.npy"
        ? npy("<f4", [4, 2], [1, 2, 3, 4, 5, 6, 7, 8])
        : name === "l.npy"
          ? npy("<i4", [4], [0, 1, 7, 2])
          : text,
    );
  }
  return cwd;
}

function expectRefusal(
  { code, stdout, stderr }: Finished,
  bad: Pick<Bad, "code" | "message" | "help">,
): void {
  const [message = "", help = "", ...more] = stderr
    .trimEnd()
    .split("\n")
    .filter((line) => !line.startsWith("training "));
  expect(message).toMatch(bad.message);
  expect(message).toMatch(/^error\[[a-z-]+\]: /);
  expect(help).toMatch(/^help: /);
  expect(help).toMatch(bad.help);
  expect(more).toEqual([]);
  expect(stdout).toBe("");
  expect(code).toBe(bad.code ?? 2);
}

test.concurrent.each(cases)("$title", async ({ files, args = ["run.json"], ...bad }) => {
  const cwd = prepare(files);
  process.env["GOOD"] = JSON.stringify({ ...good, batchSize: 64 });
  expectRefusal(await steepest(["train", ...args], { cwd }), bad);
  // refused before anything was written; a run that failed later keeps its log and checkpoint, and is drawn
  expect(existsSync(join(cwd, "runs"))).toBe(bad.code === 1);
  if (bad.code === 1) {
    expect(readdirSync(join(cwd, "runs/t-1")).sort()).toEqual([
      "checkpoint-last.safetensors",
      "loss.png",
      "loss.svg",
      "metrics.jsonl",
      "report.html",
      "run.json",
    ]);
  }
});

test("unknown commands and options", async () => {
  const cwd = folder();
  expectRefusal(await steepest(["trian"], { cwd }), {
    message: /no command "trian"/,
    help: /did you mean "train"/,
  });
  expectRefusal(await steepest(["info", "--jsno"], { cwd }), {
    message: /unknown option '--jsno'/,
    help: /did you mean --json/,
  });
  expectRefusal(await steepest(["schedule", "cosine-annealing", "--lr", "fast"], { cwd }), {
    message: /--lr is fast/,
    help: /positive number/,
  });
});

/** A finished run in `runs/t-1`. */
async function finished(): Promise<string> {
  const cwd = prepare();
  expect(await steepest(["train", "run.json", "--json"], { cwd })).toMatchObject({ code: 0 });
  return cwd;
}

test("checkpoints that are truncated, foreign or of another model are refused and left as they are", async () => {
  const cwd = await finished();
  const file = join(cwd, "runs/t-1/checkpoint-last.safetensors");
  const metrics = join(cwd, "runs/t-1/metrics.jsonl");
  const [whole, log] = [readFileSync(file), readFileSync(metrics)];
  const other = prepare({ "run.json": { ...good, model: { kind: "mlp", hidden: [3] } } });
  expect(await steepest(["train", "run.json", "--json"], { cwd: other })).toMatchObject({ code: 0 });
  const another = readFileSync(join(other, "runs/t-1/checkpoint-last.safetensors"));
  const broken: readonly [Buffer, RegExp, RegExp][] = [
    [
      whole.subarray(0, whole.length - 5),
      /error\[checkpoint-truncated\].*cut short.*of \d+ bytes/,
      /the other checkpoint/,
    ],
    [whole.subarray(0, 100), /error\[checkpoint-truncated\]/, /the other checkpoint/],
    [Buffer.alloc(0), /error\[checkpoint-truncated\]/, /the other checkpoint/],
    [
      Buffer.from("PK\x03\x04 this is an archive"),
      /error\[checkpoint-format\].*not a safetensors file/,
      /steepest wrote/,
    ],
    [another, /error\[resume-differs\]: model was .*hidden.* when the checkpoint was written/, /--force/],
  ];
  for (const [bytes, message, help] of broken) {
    writeFileSync(file, bytes);
    expectRefusal(await steepest(["train", "runs/t-1", "--resume"], { cwd }), { message, help });
    expect(readFileSync(file).equals(bytes)).toBe(true);
    expect(readFileSync(metrics).equals(log)).toBe(true);
  }
  // forced, it says what differs, and then that the tensors don't fit
  const forced = await steepest(["train", "runs/t-1", "--resume", "--force"], { cwd });
  expect(forced.code).toBe(2);
  expect(forced.stderr).toMatch(
    /note: model was .*\n[\s\S]*error\[checkpoint-model\].*another model.*\nhelp: .*run\.json beside/,
  );
  expect(readFileSync(metrics).equals(log)).toBe(true);
});

test("a resumed run keeps its settings", async () => {
  const cwd = await finished();
  expectRefusal(await steepest(["train", "run.json", "--resume", "--optimizer.lr", "0.2"], { cwd }), {
    message: /error\[resume-differs\]: optimizer was .*0\.1.* and is .*0\.2/,
    help: /start a new run/,
  });
  expectRefusal(await steepest(["train", "run.json", "--resume", "--name", "other"], { cwd }), {
    message: /no run "other" to resume/,
    help: /leave out --resume/,
  });
});

test("an --out folder that holds a run is not overwritten", async () => {
  const cwd = await finished();
  const before = readFileSync(join(cwd, "runs/t-1/metrics.jsonl"));
  expectRefusal(await steepest(["train", "run.json", "--out", "runs/t-1"], { cwd }), {
    message: /error\[run-exists\]/,
    help: /--resume/,
  });
  expect(readFileSync(join(cwd, "runs/t-1/metrics.jsonl")).equals(before)).toBe(true);
});

test("a run folder that can't be written", async () => {
  const cwd = prepare({ file: "not a folder" });
  expectRefusal(await steepest(["train", "run.json", "--out", "file/run"], { cwd }), {
    message: /error\[not-writable\]/,
    help: /--out/,
  });
  mkdirSync(join(cwd, "locked"));
  chmodSync(join(cwd, "locked"), 0o555);
  // permissions do not bind root, but the kernel's own folders do
  const readOnly = process.getuid?.() === 0 ? "/sys/steepest-run" : "locked/run";
  expectRefusal(await steepest(["train", "run.json", "--out", readOnly], { cwd }), {
    message: /error\[not-writable\]/,
    help: /--out/,
  });
});
