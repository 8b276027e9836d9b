/** The readers of foreign bytes, each with real files to begin from. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type DataSpec, loadData, memoryHost } from "../../../src/data/index.ts";
import { diagnose } from "../../../src/diagnose/index.ts";
import { wasm } from "../../../src/engine/backends/wasm.ts";
import { createReader, readLog } from "../../../src/logs/index.ts";
import { loadRun } from "../../../src/predict/load-run.ts";
import { parseOverrides } from "../../../src/run/overrides.ts";
import { parseRun } from "../../../src/run/parse-run.ts";
import { parseRunText } from "../../../src/run/run-file.ts";
import { evaluator } from "../../../src/surface/evaluate.ts";
import { parseFormula } from "../../../src/surface/formula/parse.ts";
import { restoreCheckpoint } from "../../../src/train/checkpoint.ts";
import { buildRun, train } from "../../../src/train/index.ts";
import { decodeSafeTensors } from "../../../src/train/safetensors.ts";
import { FILE_TARGETS } from "./file-targets.ts";
import { randomFrom } from "./mutate.ts";
import { type Repair, repairEvents, repairNpy, repairSafetensors, repairWandb } from "./repair.ts";
import { bytesOf, file, files, root, type Target, textOf } from "./target.ts";

const wholeLog = async (bytes: Uint8Array): Promise<void> => {
  diagnose(await readLog(bytes, { source: "fuzz" }));
};

/** In pieces of any size, looked at in between, as `--watch` does. */
const growingLog = (bytes: Uint8Array): void => {
  const reader = createReader({ source: "fuzz" });
  const random = randomFrom(bytes.length);
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + random.below(8192);
    reader.push(bytes.subarray(at, at + size));
    at += size;
    if (random.below(3) === 0) reader.snapshot();
  }
  reader.end();
};

const events = "test/runs/dev-004/events.out.tfevents.1700000000.host.1.0";
const LOGS: readonly { name: string; seeds: () => Uint8Array[]; repair?: Repair }[] = [
  {
    name: "text",
    seeds: () => [
      ...files("test/logs/cases", /\.(log|txt)$/),
      ...files("test/logs/real", /\.log$/),
      file("test/runs/dev-003.log"),
    ],
  },
  {
    name: "csv",
    seeds: () => [
      ...files("test/logs/cases", /\.csv$/),
      ...files("test/logs/real", /\.csv$/),
      file("test/runs/dev-000.csv"),
    ],
  },
  {
    name: "json",
    seeds: () => [
      ...files("test/logs/cases", /\.(jsonl|ipynb)$/),
      file("test/logs/real/06-hf-alpaca-epoch-staircase.json"),
      file("test/runs/dev-001.jsonl"),
      file("test/runs/dev-002/trainer_state.json"),
    ],
  },
  {
    name: "events",
    seeds: () => [
      file(events),
      file("test/logs/real/21-tfevents-keras-tensor-scalars.v2"),
      file("test/logs/hostile/events.out.tfevents.1-long-tag"),
    ],
    repair: repairEvents,
  },
  {
    name: "wandb",
    seeds: () => [
      readFileSync(join(root, "test/logs/real/05-wandb-binary-alpaca-39steps.wandb")).subarray(0, 80_000),
    ],
    repair: repairWandb,
  },
  { name: "gzip", seeds: () => [file("test/runs/dev-003.log"), file(events)].map((b) => gzipSync(b)) },
];

const trained = async (): Promise<Uint8Array> => {
  let saved: Uint8Array = new Uint8Array(0);
  const run = await buildRun(parseRun(RUN), { host: memoryHost({}), backend: wasm });
  await train(run, {
    store: {
      appendMetrics: (text) => text.length,
      saveCheckpoint: (_, bytes) => {
        saved = bytes;
      },
    },
  });
  return saved;
};
const RUN = {
  name: "t",
  data: { source: "lesson-logistic" },
  model: { kind: "mlp", hidden: [4] },
  optimizer: { name: "adam", lr: 0.01 },
  steps: 3,
};

function npy(descr: string, shape: readonly number[], data: Uint8Array): Uint8Array {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`.padEnd(
    117,
  );
  return Buffer.concat([Buffer.from("\x93NUMPY\x01\x00v\x00", "latin1"), Buffer.from(`${header}\n`), data]);
}
const numbers = new Uint8Array(Float32Array.from({ length: 40 }, (_, i) => Math.sin(i)).buffer);
const data = (spec: (name: string) => DataSpec): Target["read"] => {
  const loaded = spec("x");
  return (bytes) => loadData(loaded, memoryHost({ x: bytes }, { chunkSize: 1000 }), { validation: 0.1 });
};

const runFile =
  (name: string) =>
  (bytes: Uint8Array): void => {
    const { record, locate } = parseRunText(textOf(bytes), name);
    parseRun(record, { locate });
  };

export const TARGETS: readonly Target[] = [
  ...FILE_TARGETS,
  ...LOGS.map((log): Target => ({ ...log, name: `log ${log.name}`, read: wholeLog })),
  ...LOGS.filter(({ name }) => name !== "gzip").map(
    (log): Target => ({ ...log, name: `growing ${log.name}`, read: growingLog }),
  ),
  {
    name: "safetensors",
    seeds: async () => [await trained()],
    read: (bytes) => decodeSafeTensors(bytes, "fuzz"),
    repair: repairSafetensors,
  },
  {
    name: "checkpoint",
    seeds: async () => [await trained()],
    read: async (bytes) => restoreCheckpoint(bytes, (await built).step.state, "fuzz"),
    repair: repairSafetensors,
  },
  {
    name: "model file",
    seeds: async () => [await trained()],
    read: (bytes) => loadRun(bytes),
    repair: repairSafetensors,
  },
  {
    name: "npy",
    seeds: () => [npy("<f4", [10, 4], numbers), npy(">i8", [5, 4], numbers), npy("|u1", [160], numbers)],
    read: data((x) => ({ npy: x, target: null })),
    repair: repairNpy,
  },
  {
    name: "idx",
    seeds: () => [Buffer.concat([Buffer.from([0, 0, 8, 3, 0, 0, 0, 10, 0, 0, 0, 4, 0, 0, 0, 4]), numbers])],
    read: data((x) => ({ idx: x, target: null })),
  },
  {
    name: "table",
    seeds: () => [file("examples/houses.csv"), bytesOf('a;b;y\n1;"x; ""z""";0\n2;"two\nlines";1\n3;;1\n')],
    read: data((x) => ({ csv: x, target: -1, missing: "drop" })),
  },
  {
    name: "characters",
    seeds: () => [file("examples/houses.yaml"), bytesOf("añb😀".repeat(50))],
    read: data((x) => ({ text: x, context: 4 })),
  },
  {
    name: "gzipped data",
    seeds: () => [gzipSync(npy("<f4", [10, 4], numbers))],
    read: data((x) => ({ npy: x, target: null })),
  },
  { name: "run JSON", seeds: () => files("examples", /\.json$/), read: runFile("run.json") },
  {
    name: "run YAML",
    seeds: () => [
      ...files("examples", /\.ya?ml$/),
      bytesOf("a: &a {b: 1}\nc: *a\nd: |\n  x\n  y\ne: !!str 1\n? f\n: - g\n  - - h\n"),
    ],
    read: runFile("run.yaml"),
  },
  {
    name: "flags",
    seeds: () => [
      bytesOf(
        '--optimizer.lr 0.1 --steps 500 --model.hidden 128,64 --data.standardize --clip={"globalNorm":1}',
      ),
    ],
    read: (bytes) => parseOverrides(textOf(bytes).split(/\s+/)),
  },
  {
    name: "formula",
    seeds: () =>
      [
        "x^2 + 10*y^2 - sin(3x)*exp(-y/2)",
        "x > y ? sqrt(x²+1) : abs(y) % 2",
        "(1 − x)² + 100·(y − x²)²",
        "max(x, y, z1) and not(x == 2)",
      ].map(bytesOf),
    read: async (bytes) => {
      const surface = await parseFormula(textOf(bytes));
      const f = evaluator(surface);
      f.value(surface.start);
      f.gradient(surface.start);
    },
  },
];

const built = buildRun(parseRun(RUN), { host: memoryHost({}), backend: wasm });
