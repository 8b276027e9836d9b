/**
 * What a second thread would give WebAssembly: the products of W2 (batch 512) and W3 on one thread, and cut in two by rows
 * over shared memory, as a cross-origin isolated page has it. `npm --prefix bench run threads [-- rounds]`. Least
 * milliseconds of many rounds, in turn. The second thread waits awake for a while, then asleep.
 */
import { Worker } from "node:worker_threads";
import { assemble } from "../../src/engine/compile/writers/wasm/assembler/assembler.ts";
import { chooseTile, detectFma, gemmFunctions } from "../../src/engine/compile/writers/wasm/gemm/index.ts";

type Product = (...parameters: readonly number[]) => void;
interface Shape {
  readonly of: "W2" | "W3";
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposed?: "a" | "b";
  readonly times: number;
}

/** Forward, weight gradient and, but for the first layer, input gradient. */
const dense = (
  of: Shape["of"],
  rows: number,
  from: number,
  to: number,
  { times = 1, first = false } = {},
): Shape[] => [
  { of, m: rows, n: to, k: from, transposed: "b", times },
  { of, m: to, n: from, k: rows, transposed: "a", times },
  ...(first ? [] : [{ of, m: rows, n: from, k: to, times }]),
];
const shapes: readonly Shape[] = [
  ...dense("W2", 512, 784, 256, { first: true }),
  ...dense("W2", 512, 256, 128),
  ...dense("W2", 512, 128, 10),
  ...[[128, 384], [128, 128], [128, 512], [512, 128]].flatMap(([from, to]) => dense("W3", 1024, from!, to!, { times: 2 })),
  ...dense("W3", 1024, 128, 65),
]; // biome-ignore format: a layer a line

const MIB = 1 << 20;
const PAGES = 1024;
/** Where A, B, C and each thread's scratch begin. */
const [A, B, C, SCRATCH, OTHER_SCRATCH] = [0, 12 * MIB, 24 * MIB, 36 * MIB, 48 * MIB] as const;

const { writers, entry } = gemmFunctions({
  dtype: "float32",
  fma: detectFma(),
  tile: chooseTile("float32"),
  firstIndex: 0,
});
const functions = writers.map((writer, i) => (i === entry ? { writer, name: "product" } : { writer }));
const limits = { min: PAGES, max: PAGES, shared: true };
const module = new WebAssembly.Module(assemble({ imports: [], functions, memory: limits }));
const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
const product = new WebAssembly.Instance(module, { env: { memory } }).exports["product"] as Product;
const values = new Float32Array(memory.buffer, 0, C / 4);
for (let i = 0; i < values.length; i++) values[i] = Math.sin(i);

/** Turn asked for, turn done, and from 8 on the parameters. */
const desk = new Int32Array(new SharedArrayBuffer(128));
const work = `
const { module, memory, desk } = require("node:worker_threads").workerData;
const { product } = new WebAssembly.Instance(module, { env: { memory } }).exports;
for (let turn = 0; ; ) {
  for (let looks = 0; Atomics.load(desk, 0) === turn; ) if (++looks > 20000) Atomics.wait(desk, 0, turn);
  turn = Atomics.load(desk, 0);
  product(...desk.subarray(8, 20));
  Atomics.store(desk, 1, turn);
}`;
const worker = new Worker(work, { eval: true, workerData: { module, memory, desk } });

function parameters({ m, n, k, transposed }: Shape, from: number, rows: number, scratch: number): number[] {
  const [aRow, aColumn] = transposed === "a" ? [4, 4 * m] : [4 * k, 4];
  const [bRow, bColumn] = transposed === "b" ? [4, 4 * k] : [4 * n, 4];
  return [A + from * aRow, aRow, aColumn, B, bRow, bColumn, C + from * 4 * n, 4 * n, rows, n, k, scratch];
}
let turn = 0;
const ways = [
  (s: Shape): void => product(...parameters(s, 0, s.m, SCRATCH)),
  (s: Shape): void => {
    const half = s.m >> 1;
    desk.set(parameters(s, half, s.m - half, OTHER_SCRATCH), 8);
    Atomics.store(desk, 0, ++turn);
    Atomics.notify(desk, 0);
    product(...parameters(s, 0, half, SCRATCH));
    while (Atomics.load(desk, 1) !== turn);
  },
];

const least = shapes.map(() => ways.map(() => Number.POSITIVE_INFINITY));
for (let round = 0; round < Number(process.argv[2] ?? 150); round++)
  shapes.forEach((shape, i) => {
    ways.forEach((way, w) => {
      const from = performance.now();
      way(shape);
      least[i]![w] = Math.min(least[i]![w]!, performance.now() - from);
    });
  });
await worker.terminate();
for (const of of ["W2", "W3"] as const) {
  const [one, two] = ways.map((_, w) =>
    shapes.reduce((sum, s, i) => sum + (s.of === of ? s.times * least[i]![w]! : 0), 0),
  );
  console.log(
    `${of}: products of a step ${one!.toFixed(1)} ms on one thread, ${two!.toFixed(1)} ms on two, ${(one! / two!).toFixed(2)} times as fast`,
  );
}
