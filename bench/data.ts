/**
 * The numbers every peer reads, as little-endian float32 files: the same streams as NumPy's `RandomState(42)`, so that the
 * data can be made again anywhere.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { numpyRandom } from "../src/random/index.ts";

/** A transformer: sequence length, vocabulary, width, layers, batch, heads. */
export interface GptSizes {
  readonly context: number;
  readonly vocabulary: number;
  readonly width: number;
  readonly layers: number;
  readonly batch: number;
  readonly heads: number;
}
/** W3's, and one of five million weights, for which few tokens are enough to wait for. */
export const gpts: Readonly<Record<"w3" | "gpt", GptSizes>> = {
  w3: { context: 64, vocabulary: 65, width: 128, layers: 2, batch: 16, heads: 4 },
  gpt: { context: 64, vocabulary: 65, width: 256, layers: 6, batch: 2, heads: 4 },
};
/** Layers of W2, [in, out]. */
export const mlpSizes = [
  [784, 256],
  [256, 128],
  [128, 10],
] as const;
/** Side of W5's matrices. */
export const productSize = 1024;

/** A transformer's tensors in the order of their file. Matrices are [in, out]. */
export function gptTensors({
  context,
  vocabulary,
  width: d,
  layers,
}: GptSizes): { readonly name: string; readonly shape: readonly number[] }[] {
  const block = (l: number): [string, number[]][] => [
    [`ln1g${l}`, [d]],
    [`ln1b${l}`, [d]],
    [`wqkv${l}`, [d, 3 * d]],
    [`bqkv${l}`, [3 * d]],
    [`wo${l}`, [d, d]],
    [`bo${l}`, [d]],
    [`ln2g${l}`, [d]],
    [`ln2b${l}`, [d]],
    [`w1${l}`, [d, 4 * d]],
    [`b1${l}`, [4 * d]],
    [`w2${l}`, [4 * d, d]],
    [`b2${l}`, [d]],
  ];
  const all: [string, number[]][] = [
    ["tok", [vocabulary, d]],
    ["pos", [context, d]],
    ...Array.from({ length: layers }, (_, l) => block(l)).flat(),
    ["lnfg", [d]],
    ["lnfb", [d]],
    ["head", [d, vocabulary]],
    ["hb", [vocabulary]],
  ];
  return all.map(([name, shape]) => ({ name, shape }));
}

/** Tensors of W6's convolutional networks and of W7's recurrent one, by steepest's names, in PyTorch's order of axes. */
export const networks: Readonly<Record<"cnn" | "deep" | "gru", Readonly<Record<string, readonly number[]>>>> =
  {
    cnn: {
      "0.weight": [16, 1, 3, 3],
      "3.weight": [32, 16, 3, 3],
      "7.weight": [64, 1568],
      "9.weight": [10, 64],
    },
    deep: {
      "0.weight": [32, 3, 3, 3],
      "3.weight": [32, 32, 3, 3],
      "7.weight": [64, 32, 3, 3],
      "10.weight": [64, 64, 3, 3],
      "15.weight": [10, 4096],
    },
    gru: { "0.weight_ih_l0": [384, 32], "0.weight_hh_l0": [384, 128], "1.weight": [10, 128] },
  };

const FINISHED = "complete-3.json";

/** Writes the files into `folder` unless they are there already. */
export function writeData(folder: string): void {
  if (existsSync(join(folder, FINISHED))) return;
  mkdirSync(folder, { recursive: true });
  const save = (name: string, values: ArrayLike<number>): void =>
    writeFileSync(join(folder, `${name}.bin`), Float32Array.from(values));
  const random = numpyRandom(42);

  // W1, the lesson's walkthrough: three features of very different scales, a linear rule decides the class
  const n = 1000;
  const columns = [1, 100, 0.01].map((std) => random.normal(0, std, n));
  const rule = [1, 0.01, 100];
  const rows = Array.from({ length: n }, (_, i) => columns.map((c) => c[i]!));
  save("w1_X", rows.flat());
  save(
    "w1_y",
    rows.map((row) => (row.reduce((sum, x, j) => sum + x * rule[j]!, 0) > 0 ? 1 : 0)),
  );
  const bound = 1 / Math.sqrt(3);
  save("w1_w", random.uniform(-bound, bound, 3));
  save("w1_b", random.uniform(-bound, bound, 1));

  save("w2_X", random.normal(0, 1, 512 * 784));
  save("w2_y", random.randint(0, 10, 512));
  mlpSizes.forEach(([inputs, outputs], i) => {
    save(`w2_w${i}`, random.normal(0, Math.sqrt(2 / inputs), inputs * outputs));
    save(`w2_b${i}`, new Float32Array(outputs));
  });

  const saveGpt = (name: keyof typeof gpts): void => {
    const sizes = gpts[name];
    const tokens = sizes.batch * sizes.context;
    save(`${name}_ids`, random.randint(0, sizes.vocabulary, tokens));
    save(`${name}_tgt`, random.randint(0, sizes.vocabulary, tokens));
    const tensors = gptTensors(sizes);
    const parameters = tensors.flatMap(({ name, shape }) => {
      const size = shape.reduce((a, b) => a * b, 1);
      if (/^ln.*g/.test(name)) return Array<number>(size).fill(1);
      return shape.length === 2 ? Array.from(random.normal(0, 0.02, size)) : Array<number>(size).fill(0);
    });
    save(`${name}_params`, parameters);
    const shapes = tensors.map(({ name, shape }) => [name, shape]);
    writeFileSync(join(folder, `${name}_meta.json`), JSON.stringify(shapes));
  };
  saveGpt("w3");

  for (const name of ["w5_a", "w5_b"]) save(name, random.normal(0, 0.1, productSize ** 2));
  save("w6_X", random.normal(0, 1, 256 * 28 * 28));
  save("w6_deep_X", random.normal(0, 1, 32 * 3 * 32 * 32));
  save("w7_X", random.normal(0, 1, 32 * 64 * 32));
  save("w6_y", random.randint(0, 10, 256));
  for (const [network, tensors] of Object.entries(networks)) {
    for (const [name, shape] of Object.entries(tensors)) {
      const size = shape.reduce((a, b) => a * b, 1);
      const fan = size / shape[0]!;
      save(`${network}_${name}`, random.normal(0, 1 / Math.sqrt(fan), size));
    }
  }
  saveGpt("gpt");
  writeFileSync(join(folder, FINISHED), JSON.stringify({ seed: 42, stream: "NumPy RandomState" }));
}
