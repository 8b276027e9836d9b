/** steepest through its public interface: compiled training steps, and programs of their own for W4 and W5. */
import type { Backend } from "../../src/engine/backend.ts";
import { type Expr, input, matmul, type Node } from "../../src/engine/graph/index.ts";
import { chooseBackend } from "../../src/engine/registry.ts";
import * as nn from "../../src/nn/index.ts";
import * as losses from "../../src/nn/losses/index.ts";
import * as optim from "../../src/optim/index.ts";
import { type TrainStep, trainStep } from "../../src/train/program.ts";
import { gpts, gptTensors, mlpSizes, networks, productSize } from "../data.ts";
import { transformerStep } from "../transformer.ts";
import { numbers, option, perStep, ramp, serve, type Times, workload } from "./protocol.mjs";

type Measure = (seconds: number) => Promise<Record<string, Times>>;
interface Prepared {
  readonly check: Record<string, number>;
  readonly measure?: Measure;
}

/** Sets state tensors by name ("param.0.weight"); all parameters must be given. */
function start(step: Pick<TrainStep, "state">, values: Readonly<Record<string, ArrayLike<number>>>): void {
  for (const { name, values: tensor } of step.state) {
    const given = values[name];
    if (given !== undefined) tensor.set(given);
    else if (name.startsWith("param.")) throw new Error(`no initial values for ${name}`);
    else tensor.fill(0);
  }
}

/** [rows, columns] → [columns, rows] */
function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) out[j * rows + i] = values[i * columns + j]!;
  return out;
}

const logistic = (backend: Backend, optimizer: optim.Transform): (() => number) => {
  const step = trainStep({
    model: nn.sequential(nn.linear(3, 1), nn.sigmoid()),
    loss: (p, batch) => losses.bce(p, batch["y"]!),
    optimizer,
    batch: { x: [1000, 3], y: [1000, 1] },
    backend,
  });
  step.inputs["x"]!.set(numbers("w1_X"));
  step.inputs["y"]!.set(numbers("w1_y"));
  const initial = { "param.0.weight": numbers("w1_w"), "param.0.bias": numbers("w1_b") };
  const history = new Float64Array(500);
  return () => {
    start(step, initial);
    for (let i = 0; i < 500; i++) history[i] = step.run(i + 1, step.lr).loss;
    return history[499]!;
  };
};

function w1(backend: Backend): Prepared {
  const sgd = logistic(backend, optim.sgd({ lr: 1e-3 }));
  const adam = logistic(backend, optim.adam({ lr: 1e-2 }));
  const check = { "SGD loss": sgd(), "Adam loss": adam() };
  const measure: Measure = async (s) => ({
    sgd: await perStep(sgd, s / 2),
    adam: await perStep(adam, s / 2),
  });
  return { check, measure };
}

function mlp(backend: Backend, batch: number): Promise<Prepared> {
  const layers = mlpSizes.map(([inputs, outputs]) => nn.linear(inputs, outputs));
  const step = trainStep({
    model: nn.sequential(layers[0]!, nn.relu(), layers[1]!, nn.relu(), layers[2]!),
    loss: (logits, { y }) => losses.softmaxCrossEntropy(logits, y!),
    optimizer: optim.adam({ lr: 1e-3 }),
    batch: { x: [batch, 784], y: { shape: [batch], dtype: "int32" } },
    backend,
    late: backend.name === "webgpu",
  });
  step.inputs["x"]!.set(numbers("w2_X").subarray(0, batch * 784));
  step.inputs["y"]!.set(numbers("w2_y").subarray(0, batch));
  const initial = mlpSizes.flatMap(([inputs, outputs], i) => [
    [`param.${2 * i}.weight`, transposed(numbers(`w2_w${i}`), inputs, outputs)] as const,
    [`param.${2 * i}.bias`, numbers(`w2_b${i}`)] as const,
  ]);
  start(step, Object.fromEntries(initial));
  return training(step);
}

/** Twenty checked steps, then as many as there is time for. A device's are waited for one by one, as other libraries' are. */
async function training(
  step: Pick<TrainStep, "run" | "lr" | "result" | "results" | "executable">,
): Promise<Prepared> {
  let count = 0;
  const send = (): void => {
    step.run(++count, step.lr);
  };
  const next =
    step.executable.device === undefined
      ? send
      : async (): Promise<void> => {
          send();
          await step.results();
        };
  for (let i = 0; i < 20; i++) await next();
  const check = { "loss after 20": step.result.loss };
  return { check, measure: async (seconds) => ({ step: await perStep(next, seconds) }) };
}

function transformer(backend: Backend, name: keyof typeof gpts): Promise<Prepared> {
  const clipped = optim.chain(optim.clipByGlobalNorm(1), optim.adamw({ lr: 3e-4, weightDecay: 0.01 }));
  const step = transformerStep(backend, clipped, gpts[name]);
  step.inputs["x"]!.set(numbers(`${name}_ids`));
  step.inputs["y"]!.set(numbers(`${name}_tgt`));
  start(step, transformerParameters(name));
  return training({ ...step, lr: 3e-4 });
}

/** The data's tensors under the model's names; matrices turned to [out, in], embeddings left as they are. */
function transformerParameters(of: keyof typeof gpts): Record<string, Float32Array> {
  const inBlock: Readonly<Record<string, string>> = {
    ln1g: "norm1.weight",
    ln1b: "norm1.bias",
    wqkv: "self_attn.in_proj_weight",
    bqkv: "self_attn.in_proj_bias",
    wo: "self_attn.out_proj.weight",
    bo: "self_attn.out_proj.bias",
    ln2g: "norm2.weight",
    ln2b: "norm2.bias",
    w1: "linear1.weight",
    b1: "linear1.bias",
    w2: "linear2.weight",
    b2: "linear2.bias",
  };
  const outside: Readonly<Record<string, string>> = {
    tok: "tok.weight",
    pos: "pos.weight",
    lnfg: "norm.weight",
    lnfb: "norm.bias",
    head: "head.weight",
    hb: "head.bias",
  };
  const all = numbers(`${of}_params`);
  let at = 0;
  return Object.fromEntries(
    gptTensors(gpts[of]).map(({ name, shape }) => {
      const values = all.slice(at, (at += shape.reduce((a, b) => a * b, 1)));
      const ours = outside[name] ?? `blocks.${name.slice(-1)}.${inBlock[name.slice(0, -1)]}`;
      const turn = shape.length === 2 && name !== "tok" && name !== "pos";
      return [`param.${ours}`, turn ? transposed(values, shape[0]!, shape[1]!) : values];
    }),
  );
}

function adamAlone(backend: Backend): Prepared {
  const size = 10_000_000;
  const params = { p: input("p", [size]) };
  const grad = input("g", [size]);
  const [lr, step] = [input("lr", [], "float64"), input("step", [], "float64")];
  const adam = optim.adam({ lr: 1e-3 });
  const state = optim.stateInputs(adam.init(params));
  const [updates, nextState] = adam.update({ p: grad }, state, params, { lr, step });
  const next = optim.flattenState(nextState);
  const slots = Object.entries(optim.flattenState(state)).map(([name, e]) => ({
    input: e as Node<"input">,
    next: next[name]!,
  }));
  const program = backend.compile({
    inputs: [grad, lr, step],
    state: [{ input: params.p, next: optim.applyUpdates(params, updates)["p"]! }, ...slots],
    outputs: [],
  });
  const p = program.view("p").fill(1);
  program.view("g").set(ramp(size));
  program.view("lr")[0] = 1e-3;
  const stepView = program.view("step");
  let count = 0;
  const run = (): void => {
    stepView[0] = ++count;
    program.run();
  };
  for (let i = 0; i < 5; i++) run();
  return { check: { "p[1] after 5": p[1]! }, measure: async (s) => ({ step: await perStep(run, s) }) };
}

function product(backend: Backend): Prepared {
  const side = [productSize, productSize];
  const [a, b] = [input("a", side), input("b", side)];
  const value: Expr = matmul(a, b);
  const program = backend.compile({ inputs: [a, b], state: [], outputs: [{ name: "c", value }] });
  program.view("a").set(numbers("w5_a"));
  program.view("b").set(numbers("w5_b"));
  for (let i = 0; i < 10; i++) program.run();
  const check = { "c[3, 5]": program.view("c")[3 * productSize + 5]! };
  return { check, measure: async (seconds) => ({ product: await perStep(program.run, seconds) }) };
}

/** The networks of W6 and W7 with the data's weights; biases start at 0, batch norms at 1 and 0. */
function network(
  backend: Backend,
  {
    kind,
    model,
    x,
    clip,
  }: { kind: "cnn" | "deep" | "gru"; model: nn.Layer; x: readonly number[]; clip: number },
): Promise<Prepared> {
  const adamw = optim.adamw({ lr: 1e-3, weightDecay: 0.01 });
  const step = trainStep({
    model,
    loss: (logits, { y }) => losses.softmaxCrossEntropy(logits, y!),
    optimizer: optim.chain(optim.clipByGlobalNorm(clip), adamw),
    batch: { x, y: { shape: [x[0]!], dtype: "int32" } },
    backend,
    late: backend.name === "webgpu",
  });
  const data = { cnn: "w6_X", deep: "w6_deep_X", gru: "w7_X" }[kind];
  step.inputs["x"]!.set(
    numbers(data).subarray(
      0,
      x.reduce((a, b) => a * b, 1),
    ),
  );
  step.inputs["y"]!.set(numbers("w6_y").subarray(0, x[0]));
  const given = Object.keys(networks[kind]).map(
    (name) => [`param.${name}`, numbers(`${kind}_${name}`)] as const,
  );
  const others = step.state
    .filter((t) => t.name.startsWith("param.") && !given.some(([name]) => name === t.name))
    .map((t) => [t.name, new Float32Array(t.values.length).fill(t.name.endsWith("weight") ? 1 : 0)] as const);
  start(step, Object.fromEntries([...given, ...others]));
  return training({ ...step, lr: 1e-3 });
}

const conv = (inputs: number, outputs: number): nn.Layer => nn.conv2d(inputs, outputs, 3, { padding: 1 });
const cnn = (): nn.Layer =>
  nn.sequential(
    conv(1, 16), nn.relu(), nn.maxPool2d(2),
    conv(16, 32), nn.relu(), nn.maxPool2d(2),
    nn.flatten(), nn.linear(1568, 64), nn.relu(), nn.linear(64, 10),
  ); // biome-ignore format: a layer's group a line
const deep = (): nn.Layer =>
  nn.sequential(
    conv(3, 32), nn.batchNorm(32), nn.relu(), conv(32, 32), nn.batchNorm(32), nn.relu(), nn.maxPool2d(2),
    conv(32, 64), nn.batchNorm(64), nn.relu(), conv(64, 64), nn.batchNorm(64), nn.relu(), nn.maxPool2d(2),
    nn.flatten(), nn.linear(4096, 10),
  ); // biome-ignore format: a layer's group a line
const recurrent = (): nn.Layer => nn.sequential(nn.gru(32, 128, { output: "last" }), nn.linear(128, 10));

const prepare: Readonly<Record<string, (backend: Backend) => Prepared | Promise<Prepared>>> = {
  w1,
  "w1-cold": (backend) => ({ check: w1(backend).check }),
  "w2-64": (backend) => mlp(backend, 64),
  "w2-512": (backend) => mlp(backend, 512),
  w3: (backend) => transformer(backend, "w3"),
  gpt: (backend) => transformer(backend, "gpt"),
  w4: adamAlone,
  w5: product,
  "w6-64": (backend) => network(backend, { kind: "cnn", model: cnn(), x: [64, 1, 28, 28], clip: 5 }),
  "w6-256": (backend) => network(backend, { kind: "cnn", model: cnn(), x: [256, 1, 28, 28], clip: 5 }),
  "w6-deep": (backend) => network(backend, { kind: "deep", model: deep(), x: [32, 3, 32, 32], clip: 5 }),
  w7: (backend) => network(backend, { kind: "gru", model: recurrent(), x: [32, 64, 32], clip: 5 }),
};

await serve(await prepare[workload]!(await chooseBackend(option)));
