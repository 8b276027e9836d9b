/** A run trained in memory: the built run as it ended, and its last checkpoint, read as a trained model. */
import { type DataHost, memoryHost } from "../../src/data/index.ts";
import { wasm } from "../../src/engine/backends/wasm.ts";
import { openModel, type TrainedModel } from "../../src/predict/trained-model.ts";
import { parseRun } from "../../src/run/parse-run.ts";
import { type BuiltRun, buildRun } from "../../src/train/build.ts";
import { train } from "../../src/train/loop.ts";

export interface Trained {
  readonly built: BuiltRun;
  readonly bytes: Uint8Array;
  readonly model: TrainedModel;
  readonly host: DataHost;
}

export async function trained(
  run: Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, Uint8Array | string>>,
): Promise<Trained> {
  const host = memoryHost(files);
  const built = await buildRun(parseRun({ name: "t", ...run }), { host, backend: wasm });
  const kept: { bytes: Uint8Array } = { bytes: new Uint8Array(0) };
  await train(built, {
    store: {
      appendMetrics: (text) => text.length,
      saveCheckpoint: (which, bytes) => {
        if (which === "last") kept.bytes = bytes;
      },
    },
  });
  const model = await openModel(kept.bytes, { where: "checkpoint-last.safetensors", backend: wasm });
  return { built, bytes: kept.bytes, model, host };
}

/** An NPY file, version 1.0, of row-major float64 or int32. */
export function npy(values: Float64Array | Int32Array, shape: readonly number[]): Uint8Array {
  const kind = values instanceof Float64Array ? "f8" : "i4";
  const fields = `{'descr': '<${kind}', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const head = Buffer.from(`\x93NUMPY\x01\x00  ${fields}\n`, "latin1");
  head.writeUInt16LE(fields.length + 1, 8);
  return Buffer.concat([head, Buffer.from(values.buffer, values.byteOffset, values.byteLength)]);
}
