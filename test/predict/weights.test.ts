/** Weights that leave a trained run and start another. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { evaluateSource } from "../../src/predict/evaluate.ts";
import { loadRun } from "../../src/predict/load-run.ts";
import { decodeSafeTensors } from "../../src/train/safetensors.ts";
import { startFrom } from "../../src/train/weights.ts";
import { folder, steepest } from "../cli/steepest.ts";
import { trained } from "./helpers.ts";

const csv = `a,b,y\n${Array.from({ length: 40 }, (_, i) => `${i % 7},${(i * i) % 11},${3 * (i % 7) - i / 9}`).join("\n")}\n`;
const files = { "t.csv": csv };
const run = {
  data: { csv: "t.csv", target: "y", test: "t.csv", task: "regression" },
  model: { kind: "mlp", hidden: [6] },
  steps: 30,
};

test("another run that starts from them evaluates as the trained one, to the last bit", async () => {
  // the weights of a schedule-free optimizer's evaluation are not the ones it trains
  const first = await trained({ ...run, optimizer: { name: "schedule-free-adamw", lr: 0.05 } }, files);
  const { weights } = await loadRun(first.bytes);
  const trainedOnes = first.built.step.state.find((t) => t.name === "param.0.weight")!.values;
  expect(weights.get("0.weight")!.values).not.toEqual(trainedOnes);

  const second = await trained(
    { ...run, optimizer: { name: "schedule-free-adamw", lr: 0.05 }, steps: 1 },
    files,
  );
  const tensors = new Map([...weights].map(([name, t]) => [name, { name, ...t }]));
  expect(startFrom(second.built, tensors, "w")).toEqual([]);
  expect(second.built.evaluate("test")).toEqual(first.built.evaluate("test"));
});

test("weights of another model are refused, and nothing is changed", async () => {
  const { built, bytes } = await trained({ ...run, optimizer: { name: "sgd", lr: 0.001 } }, files);
  const { tensors } = decodeSafeTensors(bytes, "w");
  const before = built.step.state.map(({ values }) => values.slice());
  const wide = new Map(tensors).set("0.bias", { name: "0.bias", shape: [7], values: new Float32Array(7) });
  expect(() => startFrom(built, wide, "w")).toThrow(/0\.bias is \[6\] here and \[7\] there/);
  const fewer = new Map(tensors);
  fewer.delete("2.weight");
  expect(() => startFrom(built, fewer, "w")).toThrow(/2\.weight is \[1, 6\] here and not there/);
  expect(built.step.state.map(({ values }) => values)).toEqual(before);
  const more = new Map(tensors).set("head", { name: "head", shape: [1], values: new Float32Array(1) });
  expect(startFrom(built, more, "w")).toEqual(["head"]);
});

test("a run with frozen tensors predicts as it evaluates, whatever the optimizer keeps of the others", async () => {
  const optimizer = { name: "schedule-free-adamw", lr: 0.05, weightDecay: 0.1 };
  const frozen = await trained({ ...run, optimizer, freeze: ["0"] }, files);
  const start = await trained({ ...run, optimizer, steps: 1 }, files);
  expect(frozen.model.record.frozen).toEqual(["0.weight", "0.bias"]);
  const { weights } = await loadRun(frozen.bytes);
  expect([...weights.keys()].sort()).toEqual(["0.bias", "0.weight", "2.bias", "2.weight"]);
  const source = { host: frozen.host, path: "t.csv", format: "csv" } as const;
  expect((await evaluateSource(frozen.model, source)).loss).toBe(frozen.built.evaluate("test")!["loss"]);
  // from the same start as a run that trains all
  const first = (t: typeof start) => t.built.step.state.find(({ name }) => name.endsWith("0.weight"))!.values;
  expect(first(frozen)).not.toEqual(first(start));
  start.built.step.redraw(start.built.spec.seed);
  expect(first(frozen)).toEqual(first(start));
});

// Bit patterns and their values are those of IEEE 754 binary16, and of bfloat16 as the upper half of binary32.
test("float16 and bfloat16 are read exactly", () => {
  const header = JSON.stringify({
    half: { dtype: "F16", shape: [7], data_offsets: [0, 14] },
    brain: { dtype: "BF16", shape: [3], data_offsets: [14, 20] },
  });
  const file = new Uint8Array(8 + header.length + 20);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(new TextEncoder().encode(header), 8);
  const words = [0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x8000, 0x3555, 0x3f80, 0x4049, 0xff80];
  words.forEach((word, i) => void new DataView(file.buffer).setUint16(8 + header.length + 2 * i, word, true));
  const { tensors } = decodeSafeTensors(file, "w");
  expect([...tensors.get("half")!.values]).toEqual([1, -2, 2 ** -24, 65504, Infinity, -0, 0.333251953125]);
  expect([...tensors.get("brain")!.values]).toEqual([1, 3.140625, -Infinity]);
});

test("export --to safetensors, then train --init; a PyTorch project has the trained weights", async () => {
  const cwd = folder();
  writeFileSync(join(cwd, "t.csv"), csv);
  writeFileSync(
    join(cwd, "r.json"),
    JSON.stringify({ name: "r", ...run, optimizer: { name: "sgd", lr: 0.001 } }),
  );
  const ok = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await steepest(args, { cwd });
    expect([code, stderr]).toEqual([0, expect.not.stringContaining("error")]);
    return stdout;
  };
  await ok("train", "r.json", "--quiet", "--no-plots");
  const exported = JSON.parse(await ok("export", "runs/r-1", "--to", "safetensors", "--json")) as {
    file: string;
  };
  expect(exported.file).toMatch(/r\.safetensors$/);
  await ok("train", "r.json", "--init", "r.safetensors", "--optimizer.lr", "1e-30", "--quiet", "--no-plots");
  const loss = async (path: string): Promise<number> =>
    (JSON.parse(await ok("evaluate", path, "t.csv", "--json")) as { loss: number }).loss;
  expect(await loss("runs/r-2")).toBe(await loss("runs/r-1"));
  await ok("export", "runs/r-1", "--to", "torch", "--out", "p");
  const read = (path: string) => decodeSafeTensors(readFileSync(join(cwd, path)), path).tensors;
  expect(read("p/initial.safetensors").get("0.weight")!.values).toEqual(
    read("r.safetensors").get("0.weight")!.values,
  );

  const refused = async (...args: string[]): Promise<string> => (await steepest(args, { cwd })).stderr;
  expect(await refused("export", "r.json", "--to", "safetensors")).toMatch(/not trained/);
  expect(await refused("export", "r.json", "--to", "onnx")).toMatch(/not trained/);
  expect(await refused("export", "runs/r-1", "--to", "onxx")).toMatch(/did you mean --to onnx/);
  expect(await refused("export", "runs/r-1", "--to", "onnx", "--steps", "3")).toMatch(/has no --steps/);
  expect(await refused("export", "runs/r-1", "--inputs", "matrix")).toMatch(/has no --inputs/);
  expect(await refused("train", "r.json", "--init", "none.safetensors")).toMatch(/there is no file none/);
  expect(await refused("train", "runs/r-1", "--resume", "--init", "r.safetensors")).toMatch(
    /--init and --resume/,
  );
  expect(await refused("train", "r.json", "--init", "r.safetensors", "--model.hidden", "9")).toMatch(
    /0\.weight is \[9/,
  );
});

test("fine-tuning: another head on frozen weights, resumed and used", async () => {
  const cwd = folder();
  writeFileSync(join(cwd, "t.csv"), csv);
  const write = (name: string, more: object): void =>
    writeFileSync(join(cwd, `${name}.json`), JSON.stringify({ name, ...run, optimizer: "adam", ...more }));
  write("a", {});
  write("b", { data: { csv: "t.csv", target: "b", task: "classification" }, freeze: "0" });
  const train = (...args: string[]): ReturnType<typeof steepest> =>
    steepest(["train", ...args, "--no-plots"], { cwd });
  await train("a.json");
  await steepest(["export", "runs/a-1", "--to", "safetensors"], { cwd });
  expect((await train("b.json", "--init", "a.safetensors")).stderr).toMatch(/2\.weight is \[6, 6\] here/);
  expect((await train("b.json", "--init", "a.safetensors", "--init-skip", "3")).stderr).toMatch(/called "3"/);
  const begun = await train("b.json", "--init", "a.safetensors", "--init-skip", "2", "--steps", "7");
  expect([begun.code, begun.stderr]).toEqual([0, expect.stringContaining("frozen: 0.weight, 0.bias")]);
  const read = (path: string) => decodeSafeTensors(readFileSync(join(cwd, path)), path).tensors;
  const last = "runs/b-1/checkpoint-last.safetensors";
  const weights = (path: string): unknown => read(path).get("0.weight")!.values;
  expect(weights(last)).toEqual(weights("a.safetensors"));
  const resumed = await train("runs/b-1", "--resume", "--steps", "9");
  expect([resumed.code, resumed.stderr]).toEqual([0, expect.stringContaining("frozen: 0.weight, 0.bias")]);
  expect(weights(last)).toEqual(weights("a.safetensors"));
  expect([...read(last).keys()].filter((name) => /^optimizer\..*0\.(weight|bias)/.test(name))).toEqual([]);
  expect((await train("b.json", "--resume", "runs/b-1", "--freeze", "2")).stderr).toMatch(/freeze was/);
  const said = await steepest(["predict", "runs/b-1", "t.csv", "--quiet"], { cwd });
  expect([said.code, said.stdout.split("\n").length]).toEqual([0, 42]);
  expect((await train("b.json", "--freeze", "5")).stderr).toMatch(/no parameter is called "5"/);
});
