import type { DType, Expr, Shape, TypedArray } from "../engine/graph/index.ts";

/** Named tensors of a model: "0.weight" → expression, with PyTorch's dotted names. */
export type Tensors = Readonly<Record<string, Expr>>;

/** The draws an initialiser may ask for; PyTorch's generator and our own streams both provide it (see init.ts). */
export interface InitRandom {
  /** n values in [lo, hi). */
  readonly uniform: (n: number, lo: number, hi: number) => Float64Array;
  /** n values from the normal distribution. */
  readonly normal: (n: number, mean: number, std: number) => Float64Array;
}

/** One tensor of a layer: its shape, and how its first values are drawn. */
export interface ParamSpec {
  readonly shape: Shape;
  /** Initial values, row-major; layers draw in the order PyTorch does unless they say otherwise. */
  readonly init: (random: InitRandom) => Float64Array;
}

/** A layer's tensors by name, such as "0.weight". */
export type ParamSpecs = Readonly<Record<string, ParamSpec>>;

/** Two int32 scalars that name a stream of random numbers. */
export type Key = readonly [Expr, Expr];

/** What a forward pass may need besides parameters. */
export interface Context {
  readonly training: boolean;
  /** Key words for dropout and its like; distinct for each step. Absent when evaluating. */
  readonly key?: Key;
  /** All parts of the batch by name, for models of several inputs: `context.batch?.["mask"]`. */
  readonly batch?: Tensors;
  /** Is told what happens inside: each child's output under the child's name, and attention's `weights`. */
  readonly seen?: (name: string, value: Expr) => void;
}

/** A forward pass gives its output and, for layers that keep statistics (batch norm), the new buffers. */
export interface Forward {
  readonly output: Expr;
  readonly buffers: Tensors;
}

/** A layer is data: what it stores, and how it maps an expression. Layers are composed with `sequential`. */
export interface Layer {
  /** Trained tensors, in PyTorch's registration order. */
  readonly params: ParamSpecs;
  /** Tensors that are kept but not trained (running means). */
  readonly buffers: ParamSpecs;
  /** Names of buffers that are parameters, kept as they are (see freeze.ts). */
  readonly frozen?: readonly string[];
  /** How many random keys a training pass uses: the layer takes key words (k0, k1), (k0, k1 + 1), … */
  readonly keys: number;
  /** `params` holds this layer's tensors and buffers under the names above. */
  readonly forward: (params: Tensors, x: Expr, context: Context) => Forward;
}

/** Values of tensors by name, row-major. */
export type ParamValues = Readonly<Record<string, TypedArray>>;
/** Dtypes that parameters may have. */
export type ParamDType = Extract<DType, "float32" | "float64">;

/** A layer without buffers or random numbers: `map` alone says what it does. */
export function plainLayer(map: (x: Expr, params: Tensors) => Expr, params: ParamSpecs = {}): Layer {
  return {
    params,
    buffers: {},
    keys: 0,
    forward: (tensors, x) => ({ output: map(x, tensors), buffers: {} }),
  };
}
