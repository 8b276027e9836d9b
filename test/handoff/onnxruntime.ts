/** ONNX files in ONNX Runtime: its WebAssembly build, which npm alone installs on every platform. */
import { createRequire } from "node:module";

export interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: ArrayLike<number> | readonly string[];
}

/** What is used of the package; its own types want a page's. */
interface Ort {
  readonly InferenceSession: {
    create(bytes: Uint8Array): Promise<{
      readonly inputNames: readonly string[];
      readonly outputNames: readonly string[];
      run(feeds: Readonly<Record<string, OrtTensor>>): Promise<Readonly<Record<string, OrtTensor>>>;
    }>;
  };
  readonly Tensor: new (
    type: string,
    data: Float32Array | BigInt64Array | readonly string[],
    dims: readonly number[],
  ) => OrtTensor;
}

const ort = createRequire(import.meta.url)("onnxruntime-web") as Ort;

/** Numbers of one input, or words. */
export interface Feed {
  readonly values: Float32Array | BigInt64Array | readonly string[];
  readonly shape: readonly number[];
}

const typeOf = (values: Feed["values"]): string =>
  values instanceof Float32Array ? "float32" : values instanceof BigInt64Array ? "int64" : "string";

export interface OrtModel {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly run: (feeds: Readonly<Record<string, Feed>>) => Promise<Readonly<Record<string, OrtTensor>>>;
}

export async function openOnnx(bytes: Uint8Array): Promise<OrtModel> {
  const session = await ort.InferenceSession.create(bytes);
  return {
    inputs: session.inputNames,
    outputs: session.outputNames,
    run: (feeds) =>
      session.run(
        Object.fromEntries(
          Object.entries(feeds).map(([name, { values, shape }]) => [
            name,
            new ort.Tensor(typeOf(values), values, shape),
          ]),
        ),
      ),
  };
}
