/** The tasks of the benchmark: run files in one line each. Settings of the search were chosen on those that are tuned. */
import { readFileSync } from "node:fs";
import { memoryHost } from "../../src/data/memory-host.ts";
import { nodeHost } from "../../src/data/node-host.ts";
import { chooseBackend } from "../../src/engine/registry.ts";
import {
  conv2d,
  embedding,
  flatten,
  gru,
  type Layer,
  linear,
  maxPool2d,
  relu,
  sequential,
  tanh,
  unflatten,
} from "../../src/nn/index.ts";
import { parseRun } from "../../src/run/parse-run.ts";
import type { RunSpec } from "../../src/run/spec.ts";
import { type BuildHost, type BuiltRun, buildRun, type ModelSizes } from "../../src/train/index.ts";
import { files } from "./data.ts";
import { makers } from "./more-data.ts";

type Fields = Readonly<Record<string, unknown>>;

/** In the order in which they met the search; rules were chosen with all but those that are fresh in sight. */
export type Group = (typeof GROUPS)[number];
const GROUPS = ["tuned", "left out", "later", "last", "met", "fresh"] as const;

export interface Task {
  readonly name: string;
  readonly group: Group;
  readonly run: Fields;
}

const table = (name: string, more: Fields = {}): Fields => ({
  csv: `${name}.csv`,
  target: "y",
  standardize: true,
  ...more,
});
const DATA: Readonly<Record<string, Fields>> = {
  friedman: table("friedman"),
  raw: table("raw", { standardize: false, task: "regression" }),
  clouds20: table("clouds20"),
  clouds50: table("clouds50"),
  mislabelled: table("mislabelled"),
  tiny: table("tiny"),
  spirals: table("spirals"),
  bars: table("bars", { standardize: false }),
  parity: table("parity", { standardize: false, categorical: [] }),
  text: { text: "text.txt", context: 16 },
  digits: { source: "digits" },
  rings: table("rings"),
  waves: table("waves", { standardize: false, task: "regression" }),
  sparse: table("sparse"),
  prices: table("prices", { task: "regression" }),
  shapes: table("shapes", { standardize: false }),
  sentences: { text: "sentences.txt", context: 16 },
};
/** Of `more-data.ts`: what a run file says of each, where that is more than a table standardised. */
const OF_ANY_SEED: Readonly<Record<string, Fields>> = {
  topics: { standardize: false },
  clicks: { standardize: false },
  signals: { standardize: false },
  checks: { standardize: false },
  dots: { standardize: false },
  outliers: { task: "regression" },
  counts: { task: "regression" },
  steps: { task: "regression" },
  wells: { task: "regression" },
};
const TEXTS = ["brackets", "sums", "chain", "dates"];
const MODEL: Readonly<Record<string, Fields>> = {
  linear: { kind: "linear" },
  mlp: { kind: "mlp", hidden: [32] },
  wide: { kind: "mlp", hidden: [128, 64] },
  deep: { kind: "mlp", hidden: [10, 10, 10, 10, 10, 10], activation: "tanh" },
  cnn: { kind: "cnn", image: [1, 8, 8], channels: [8], hidden: [16] },
  picture: { kind: "cnn", image: [1, 28, 28], channels: [4], hidden: [] },
  gru: { module: "gru" },
  signal: { module: "signal" },
  narrow: { module: "narrow" },
  smooth: { kind: "mlp", hidden: [64, 64], activation: "gelu" },
  steep: { kind: "mlp", hidden: [16, 16, 16, 16], activation: "tanh" },
  dropped: { kind: "mlp", hidden: [64, 32], dropout: 0.3 },
  transformer: { kind: "transformer", layers: 1, width: 24, heads: 2 },
};
const OPTIMIZER: Readonly<Record<string, Fields>> = {
  momentum: { name: "sgd", momentum: 0.9 },
  adamw: { name: "adamw", weightDecay: 0.05 },
  nesterov: { name: "sgd", momentum: 0.9, nesterov: true },
};
const SCHEDULE: Readonly<Record<string, (steps: number) => Fields>> = {
  constant: () => ({ name: "constant" }),
  cosine: () => ({ name: "cosine-annealing" }),
  warm: (steps) => ({ name: "warmup-cosine", warmupSteps: Math.ceil(steps / 10) }),
  up: (steps) => ({ name: "warmup-constant", warmupSteps: Math.ceil(steps / 5) }),
  cycle: () => ({ name: "one-cycle" }),
};

/** data, model, optimizer, schedule, steps, batch size */
const LINES = `
tuned
friedman mlp sgd constant 1000 32
friedman mlp adam cosine 600 32
friedman wide muon cosine 500 32
raw linear sgd constant 500 32
raw mlp adamw warm 800 32
clouds20 mlp momentum cosine 1000 32
clouds20 linear adagrad constant 400 50
mislabelled mlp adam constant 1500 32
tiny mlp lion constant 300 full
spirals deep rmsprop constant 2000 25
bars cnn momentum cycle 300 32
bars cnn adam constant 150 32
text transformer adamw warm 200 16
text transformer lion constant 400 16
text gru adam cosine 250 16
digits mlp sgd constant 400 32
left out
raw linear momentum constant 1200 32
raw mlp sgd constant 2000 20
raw mlp rmsprop cosine 600 40
friedman mlp adafactor constant 600 32
friedman wide adagrad constant 1000 32
friedman deep adam cycle 3000 20
friedman mlp momentum up 1500 64
clouds50 mlp sgd constant 800 40
clouds50 mlp lion cosine 1000 40
clouds20 mlp muon constant 400 50
clouds50 linear adam warm 2000 50
mislabelled linear adamw constant 500 32
mislabelled wide momentum cosine 2000 32
mislabelled deep rmsprop up 1000 32
tiny mlp sgd constant 500 full
tiny linear adam constant 100 full
tiny wide adamw cosine 1000 full
spirals deep momentum constant 5000 25
spirals mlp adam cosine 3000 50
spirals wide lion constant 1000 50
bars cnn sgd constant 400 32
bars cnn adamw warm 600 32
bars cnn rmsprop constant 200 32
bars cnn adafactor cosine 300 32
text transformer adam constant 500 16
text transformer momentum up 300 16
text transformer muon cosine 200 16
text gru rmsprop constant 200 16
text gru momentum constant 300 16
digits mlp adam cycle 300 32
digits mlp momentum constant 120 32
digits picture adamw warm 150 32
parity wide adam constant 1500 32
parity mlp momentum constant 3000 32
later
friedman linear adamw cosine 400 32
raw wide adam constant 500 32
clouds50 deep adamw warm 1500 40
mislabelled wide adam cosine 1200 32
mislabelled linear momentum constant 800 32
tiny mlp adam constant 400 full
spirals mlp momentum cycle 1500 50
bars cnn lion cosine 300 32
text gru adamw warm 250 16
clouds20 wide rmsprop constant 300 32
last
rings mlp adam constant 800 32
rings deep momentum cosine 1200 32
waves mlp sgd constant 300 32
waves wide adamw cosine 1500 32
sparse linear adam constant 1000 50
sparse wide momentum warm 500 32
prices mlp adam constant 2000 20
prices wide lion cosine 400 32
shapes cnn momentum constant 250 32
shapes cnn adamw cycle 1000 32
sentences transformer adamw warm 300 16
sentences gru rmsprop constant 200 16
met
outliers1 mlp adam constant 800 32
topics1 linear sgd constant 600 32
signals1 signal momentum cosine 500 32
brackets1 gru adam constant 400 16
moons1 deep nesterov constant 1500 25
sums1 transformer adamw warm 600 16
clicks1 linear adagrad constant 400 32
hidden1 narrow rmsprop cosine 2000 40
fresh
outliers2 wide momentum cosine 1500 32
topics2 mlp adam constant 300 32
signals2 signal adamw warm 1000 32
brackets2 transformer lion constant 300 16
moons2 steep sgd constant 2000 25
sums2 transformer muon cosine 400 16
clicks2 wide adam cosine 1200 32
hidden2 narrow momentum constant 600 40
checks3 smooth adamw cosine 1500 32
checks4 wide rmsprop constant 600 32
rare3 mlp adam constant 500 32
rare4 dropped momentum warm 1000 32
steps3 smooth sgd constant 1000 32
steps4 dropped adam cycle 400 32
counts3 mlp adagrad constant 300 32
counts4 smooth nadam constant 1500 32
chain3 gru adam cosine 500 16
chain4 transformer adamw up 250 16
dots3 cnn nesterov constant 400 32
dots4 cnn adam warm 1200 32
dates3 transformer adamw constant 400 16
dates4 gru rmsprop cosine 300 16
wells3 wide lion constant 1000 32
wells4 steep momentum warm 500 full
outliers5 mlp sgd warm 1000 32
topics5 linear adam cosine 1500 32
signals5 signal rmsprop constant 1200 32
moons5 wide adamw constant 1000 25
clicks5 wide adagrad constant 1000 32
checks5 wide momentum cosine 1200 32
rare5 mlp nadam warm 1000 32
steps5 dropped adam constant 1500 32
counts5 mlp lion cosine 1000 32
dots5 cnn momentum constant 1000 32
hidden5 narrow adam constant 1500 40
wells5 smooth adam constant 600 32
chain5 gru rmsprop warm 500 16
dates5 transformer adam cosine 400 16
sums5 transformer lion warm 500 16
brackets5 gru momentum constant 400 16
`;

export const TASKS: readonly Task[] = tasks();

function tasks(): Task[] {
  let group: Group = "tuned";
  return LINES.trim()
    .split("\n")
    .flatMap((line): Task[] => {
      const heading = GROUPS.find((g) => g === line);
      if (heading !== undefined) {
        group = heading;
        return [];
      }
      const [data, model, optimizer, schedule, steps, batch] = line.split(" ") as [
        string,
        string,
        string,
        string,
        string,
        string,
      ];
      return [
        {
          name: line,
          group,
          run: {
            name: line.replaceAll(" ", "-"),
            data: DATA[data] ?? dataOfSeed(data),
            model: MODEL[model],
            optimizer: OPTIMIZER[optimizer] ?? { name: optimizer },
            schedule: SCHEDULE[schedule]!(Number(steps)),
            batchSize: batch === "full" ? "full" : Number(batch),
            steps: Number(steps),
            validation: 0.25,
            ...(data === "text" && optimizer === "momentum" && { clip: { globalNorm: 1 } }),
          },
        },
      ];
    });
}

/** `moons2` is the set `moons` with the seed 2. */
function dataOfSeed(data: string): Fields {
  const [name] = splitSeed(data);
  if (TEXTS.includes(name)) return { text: `${data}.txt`, context: 16 };
  if (name === "hidden") return { npy: `${data}.npy`, target: `${data}.npy` };
  return table(data, OF_ANY_SEED[name]);
}

function splitSeed(data: string): [name: string, seed: number] {
  const [, name, seed] = /^([a-z]+)(\d+)$/.exec(data)!;
  return [name!, Number(seed)];
}

const CHARACTERS = 80;

type Make = (sizes: ModelSizes) => Layer;
const MODULES: Readonly<Record<string, Make>> = {
  /** Of a text: the state after the last character says the next one. */
  gru: ({ outputs }) =>
    sequential(embedding(CHARACTERS, 16), gru(16, 24, { output: "last" }), linear(24, outputs)),
  /** Convolutions along a signal of 48 samples. */
  signal: ({ outputs }) =>
    sequential(
      unflatten([1, 1, 48]),
      conv2d(1, 8, [1, 5], { padding: "same" }),
      relu(),
      maxPool2d([1, 2]),
      conv2d(8, 12, [1, 5], { padding: "same" }),
      relu(),
      maxPool2d([1, 4]),
      flatten(),
      linear(72, outputs),
    ),
  /** Through three numbers and out again. */
  narrow: ({ inputShape: [size], outputs }) =>
    sequential(linear(size!, 16), tanh(), linear(16, 3), linear(3, 16), tanh(), linear(16, outputs)),
};

export function specOf({ run }: Task, seed: number): RunSpec {
  return parseRun({ ...run, seed });
}

export async function buildTask(spec: RunSpec): Promise<BuiltRun> {
  const { csv, text, npy } = spec.data as Readonly<Record<string, string | undefined>>;
  const file = csv ?? text ?? npy;
  const host: BuildHost = {
    ...memoryHost(file === undefined ? {} : { [file]: contentOf(file) }),
    readPackageFile: nodeHost().readPackageFile,
    importFunction: async (name) => MODULES[name],
  };
  return buildRun(spec, { host, backend: await chooseBackend("wasm") });
}

function contentOf(file: string): string | Uint8Array {
  if (file === "text.txt")
    return new Uint8Array(readFileSync(new URL("../../test/golden/text.txt", import.meta.url)));
  const known = files[file];
  if (known !== undefined) return known();
  const [name, seed] = splitSeed(file.replace(/\..*/, ""));
  return makers[name]!(seed);
}
