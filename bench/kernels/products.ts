/**
 * Speed of the WebAssembly matrix products per tile, beside the system's BLAS if there is one: `npx jiti
 * bench/kernels/products.ts [float64]`. Best of many runs, in turn, after the engine has optimised the code. GFLOP/s; µs
 * for the small shapes.
 */

import { findBlas } from "../../src/engine/backends/blas-library.ts";
import {
  chooseTile,
  detectFma,
  scratchBytes,
  tiles,
} from "../../src/engine/compile/writers/wasm/gemm/index.ts";
import { productModule } from "../../src/engine/compile/writers/wasm/gemm/product-module.ts";
import { elements } from "../../src/engine/compile/writers/wasm/gemm/tile.ts";

interface Shape {
  readonly name: string;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}
const dense = (name: string, batch: number, inputs: number, outputs: number): Shape[] => [
  { name: `${name} forward`, m: batch, k: inputs, n: outputs },
  { name: `${name} weight gradient`, m: inputs, k: batch, n: outputs, transposeA: true },
  { name: `${name} input gradient`, m: batch, k: outputs, n: inputs, transposeB: true },
];
const shapes: Shape[] = [
  { name: "square 1024", m: 1024, n: 1024, k: 1024 },
  { name: "square 256", m: 256, n: 256, k: 256 },
  ...dense("64: 784→256", 64, 784, 256),
  ...dense("64: 256→128", 64, 256, 128),
  ...dense("64: 128→10", 64, 128, 10),
  ...dense("512: 784→256", 512, 784, 256),
  { name: "square 64", m: 64, n: 64, k: 64 },
  { name: "square 32", m: 32, n: 32, k: 32 },
  { name: "square 16", m: 16, n: 16, k: 16 },
  { name: "square 4", m: 4, n: 4, k: 4 },
  { name: "lesson forward", m: 1000, n: 1, k: 3 },
  { name: "lesson gradient", m: 3, n: 1, k: 1000, transposeA: true },
  { name: "matrix·vector 1000", m: 1000, n: 1, k: 1000 },
  { name: "matrixᵀ·vector 1000", m: 1000, n: 1, k: 1000, transposeA: true },
];

const dtype = process.argv[2] === "float64" ? "float64" : "float32";
const { bytes } = elements[dtype];
const fma = detectFma();
const BYTES = 64 << 20;
const modules = [false, ...(fma ? [true] : [])].map((f) =>
  productModule(dtype, tiles, { fma: f, bytes: BYTES }),
);
const { library, reason } = findBlas();
console.log(`${dtype}; chosen tile ${chooseTile(dtype).name}; BLAS: ${library?.path ?? reason}`);
const labels = ["", ...(fma ? [" fma"] : [])].flatMap((f) => tiles.map((t) => t.name + f));
console.log(["shape".padEnd(30), ...labels.map((l) => l.padStart(9)), "     BLAS"].join(""));

for (const s of shapes) {
  const { m, n, k, transposeA = false, transposeB = false } = s;
  const [aRow, aCol] = transposeA ? [bytes, m * bytes] : [k * bytes, bytes];
  const [bRow, bCol] = transposeB ? [bytes, k * bytes] : [n * bytes, bytes];
  const [b, c, scratch] = [m * k, m * k + k * n, m * k + k * n + m * n].map(
    (x) => Math.ceil((x * bytes) / 64) * 64,
  );
  if (scratch! + Math.max(...tiles.map((t) => scratchBytes(dtype, t, m, n, k))) > BYTES)
    throw new Error("too small");
  const runs = modules.flatMap(({ memory, products }) => {
    const all = dtype === "float32" ? new Float32Array(memory.buffer) : new Float64Array(memory.buffer);
    all.fill(0.5, 0, (m * k + k * n) * 2);
    return products.map((p) => () => p(0, aRow!, aCol!, b!, bRow!, bCol!, c!, n * bytes, m, n, k, scratch!));
  });
  if (library !== null) {
    const { memory } = modules[0]!;
    const bind = dtype === "float32" ? library.sgemm : library.dgemm;
    runs.push(
      bind({
        memory: memory.buffer,
        a: 0, b: b!, c: c!, m, n, k, transposeA, transposeB,
        lda: transposeA ? m : k, ldb: transposeB ? k : n, ldc: n,
      }), // biome-ignore format: by matrix
    );
  }
  const flops = 2 * m * n * k;
  const calls = Math.max(1, Math.ceil(2e6 / flops));
  const time = runs.map(() => Number.POSITIVE_INFINITY);
  const rounds = flops > 1e9 ? 6 : 60;
  for (let round = 0; round < rounds; round++) {
    runs.forEach((run, i) => {
      const from = performance.now();
      for (let call = 0; call < calls; call++) run();
      time[i] = Math.min(time[i]!, (performance.now() - from) / calls);
    });
  }
  const cells = time.map((t) =>
    (flops < 1e5 ? `${(t * 1e3).toFixed(2)}µs` : (flops / t / 1e6).toFixed(1)).padStart(9),
  );
  console.log(s.name.padEnd(30) + cells.join(""));
}
