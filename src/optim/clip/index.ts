/** The table of clips as run files name them: `"clip": { "globalNorm": 1, "p": 2 }`. */
import { closest, SteepestError } from "../../run/errors.ts";
import {
  choice,
  flag,
  maybeNumber,
  number,
  type OptionSpec,
  type OptionSpecs,
  resolveOptions,
} from "../../run/options.ts";
import type { Clip } from "./clip.ts";
import { clipByGlobalNorm, normalizeByGlobalNorm } from "./global-norm.ts";
import { adaptiveClip, clipByBlockRms, clipByTensorNorm, clipByValue, zeroNonFinite } from "./per-tensor.ts";
import { percentileClip } from "./percentile.ts";

export { type Clip, type ClipMeasure, requireFinite } from "./clip.ts";
export {
  clipByGlobalNorm,
  type GlobalNormOptions,
  globalPNorm,
  normalizeByGlobalNorm,
} from "./global-norm.ts";
export {
  type AdaptiveOptions,
  adaptiveClip,
  clipByBlockRms,
  clipByTensorNorm,
  clipByValue,
  zeroNonFinite,
} from "./per-tensor.ts";
export { type PercentileOptions, percentileClip } from "./percentile.ts";

/** One row of the table of clips: what run files, help and docs know of it. */
export interface ClipEntry {
  /** The key that chooses this clip and holds its main number. */
  readonly name: string;
  readonly options: readonly (OptionSpec & { readonly name: string })[];
  readonly elsewhere: string;
  readonly purpose: string;
  /** Throws `option` for unknown names and values out of range. */
  readonly make: (options: Readonly<Record<string, unknown>>) => Clip;
}

/** The options of each clip, as a run file gives them; the first holds its main number. */
export interface ClipOptions {
  readonly globalNorm: {
    readonly globalNorm: number;
    readonly p?: number | null;
    readonly errorIfNonfinite?: boolean;
  };
  readonly value: { readonly value: number };
  readonly tensorNorm: { readonly tensorNorm: number; readonly p?: number | null };
  readonly blockRms: { readonly blockRms: number };
  readonly adaptive: {
    readonly adaptive: number;
    readonly eps?: number;
    readonly unitAxis?: "first" | "last";
  };
  readonly percentile: { readonly percentile: number; readonly window?: number };
  readonly normalize: { readonly normalize: number };
  readonly zeroNonFinite: { readonly zeroNonFinite: boolean };
}

function entry<N extends keyof ClipOptions>(
  name: N,
  options: OptionSpecs<Required<ClipOptions[N]>>,
  elsewhere: string,
  purpose: string,
  make: (values: Required<ClipOptions[N]>) => Clip,
): ClipEntry {
  return {
    name,
    options: Object.entries<OptionSpec>(options).map(([key, spec]) => ({ name: key, ...spec })),
    elsewhere,
    purpose,
    make: (given) => make(resolveOptions<Required<ClipOptions[N]>>(`clip ${name}`, options, given)),
  };
}

const positive = { above: 0 } as const;
const p: OptionSpec<number | null> = {
  ...maybeNumber("which norm: any p > 0; null is the largest entry (p = ∞)", positive),
  default: 2,
};
const orInfinity = (value: number | null): number => value ?? Number.POSITIVE_INFINITY;

/**
 * The table of clips. A run file chooses a row by the key that holds its main number: `"clip": {
 * "globalNorm": 1 }`.
 */
export const clips: readonly ClipEntry[] = [
  entry(
    "globalNorm",
    {
      globalNorm: number(1, "largest norm of all gradients together", positive),
      p,
      errorIfNonfinite: flag("stop the run on NaN or infinite gradients"),
    },
    "torch clip_grad_norm_; optax clip_by_global_norm; Keras global_clipnorm",
    "keeps the direction: the usual guard of transformers and recurrent networks",
    ({ globalNorm, p: which, errorIfNonfinite }) =>
      clipByGlobalNorm(globalNorm, { p: orInfinity(which), errorIfNonfinite }),
  ),
  entry(
    "value",
    { value: number(1, "largest entry of a gradient", positive) },
    "torch clip_grad_value_; optax clip; Keras clipvalue",
    "entry by entry; turns the gradient",
    ({ value }) => clipByValue(value),
  ),
  entry(
    "tensorNorm",
    { tensorNorm: number(1, "largest norm of each tensor's gradient", positive), p },
    "Keras clipnorm",
    "each tensor for itself",
    ({ tensorNorm, p: which }) => clipByTensorNorm(tensorNorm, { p: orInfinity(which) }),
  ),
  entry(
    "blockRms",
    { blockRms: number(1, "largest root mean square of each tensor's gradient", positive) },
    "optax clip_by_block_rms",
    "each tensor, whatever its size (Adafactor)",
    ({ blockRms }) => clipByBlockRms(blockRms),
  ),
  entry(
    "adaptive",
    {
      adaptive: number(0.01, "largest norm of a unit's gradient as a share of its weights'", positive),
      eps: number(1e-3, "least norm of weights", { min: 0 }),
      unitAxis: choice(["first", "last"], "first", "axis that numbers the units: [out, in] or [in, out]"),
    },
    "optax adaptive_grad_clip",
    "networks without normalisation layers (NFNets)",
    ({ adaptive, eps, unitAxis }) => adaptiveClip(adaptive, { eps, unitAxis }),
  ),
  entry(
    "percentile",
    {
      percentile: number(10, "of the recent norms", { min: 0, max: 100 }),
      window: number(100, "norms remembered", { min: 2, max: 1000, integer: true }),
    },
    "AutoClip",
    "no threshold to choose: recent gradients set it",
    ({ percentile, window }) => percentileClip({ percentile, window }),
  ),
  entry(
    "normalize",
    { normalize: number(1, "norm of every step's gradient", positive) },
    "optax normalize_by_update_norm",
    "every gradient has the same length",
    ({ normalize }) => normalizeByGlobalNorm(normalize),
  ),
  entry(
    "zeroNonFinite",
    { zeroNonFinite: flag("set NaN and infinite entries to 0", true) },
    "optax zero_nans",
    "keeps going on the finite rest of a gradient",
    () => zeroNonFinite(),
  ),
];

/** The clip whose name is a key of `spec`. Throws `clip` when there is none or more than one. */
export function makeClip(spec: Readonly<Record<string, unknown>>): Clip {
  const chosen = clips.filter(
    (c) => spec[c.name] !== undefined && spec[c.name] !== false && c.options.some((o) => o.name === c.name),
  );
  if (chosen.length === 1) return chosen[0]!.make(spec);
  const names = clips.map((c) => c.name);
  const near = Object.keys(spec)
    .map((key) => closest(key, names))
    .find((x) => x !== undefined);
  throw new SteepestError(
    "clip",
    chosen.length === 0
      ? `clip names no way to clip: ${JSON.stringify(spec)}`
      : `clip names ${chosen.map((c) => c.name).join(" and ")}`,
    { help: chosen.length === 0 && near ? `did you mean "${near}"?` : `give one of ${names.join(", ")}` },
  );
}
