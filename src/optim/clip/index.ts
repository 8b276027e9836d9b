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
import type { Elsewhere, Row, Source } from "../../run/table.ts";
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
export interface ClipRow extends Row {
  /** The key that chooses this clip and holds its main number. */
  readonly name: string;
  readonly options: readonly (OptionSpec & { readonly name: string })[];
  readonly elsewhere: Partial<Elsewhere>;
  /** Who wrote it down first, where that is known. */
  readonly source?: Source;
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

function row<N extends keyof ClipOptions>(
  name: N,
  options: OptionSpecs<Required<ClipOptions[N]>>,
  { about, source, elsewhere }: Pick<ClipRow, "about" | "source" | "elsewhere">,
  make: (values: Required<ClipOptions[N]>) => Clip,
): ClipRow {
  return {
    name,
    options: Object.entries<OptionSpec>(options).map(([key, spec]) => ({ name: key, ...spec })),
    about,
    ...(source && { source }),
    elsewhere,
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
export const clips: readonly ClipRow[] = [
  row(
    "globalNorm",
    {
      globalNorm: number(1, "largest norm of all gradients together", positive),
      p,
      errorIfNonfinite: flag("stop the run on NaN or infinite gradients"),
    },
    {
      about: "keeps the direction: the usual guard of transformers and recurrent networks",
      elsewhere: { pytorch: "clip_grad_norm_", optax: "clip_by_global_norm", keras: "global_clipnorm" },
    },
    ({ globalNorm, p: which, errorIfNonfinite }) =>
      clipByGlobalNorm(globalNorm, { p: orInfinity(which), errorIfNonfinite }),
  ),
  row(
    "value",
    { value: number(1, "largest entry of a gradient", positive) },
    {
      about: "entry by entry; turns the gradient",
      elsewhere: { pytorch: "clip_grad_value_", optax: "clip", keras: "clipvalue" },
    },
    ({ value }) => clipByValue(value),
  ),
  row(
    "tensorNorm",
    { tensorNorm: number(1, "largest norm of each tensor's gradient", positive), p },
    { about: "each tensor for itself", elsewhere: { keras: "clipnorm" } },
    ({ tensorNorm, p: which }) => clipByTensorNorm(tensorNorm, { p: orInfinity(which) }),
  ),
  row(
    "blockRms",
    { blockRms: number(1, "largest root mean square of each tensor's gradient", positive) },
    {
      about: "each tensor, whatever its size (Adafactor)",
      elsewhere: { optax: "clip_by_block_rms" },
    },
    ({ blockRms }) => clipByBlockRms(blockRms),
  ),
  row(
    "adaptive",
    {
      adaptive: number(0.01, "largest norm of a unit's gradient as a share of its weights'", positive),
      eps: number(1e-3, "least norm of weights", { min: 0 }),
      unitAxis: choice(["first", "last"], "first", "axis that numbers the units: [out, in] or [in, out]"),
    },
    {
      about: "networks without normalisation layers (NFNets)",
      source: { cite: "Brock et al. 2021, equation 3" },
      elsewhere: { optax: "adaptive_grad_clip" },
    },
    ({ adaptive, eps, unitAxis }) => adaptiveClip(adaptive, { eps, unitAxis }),
  ),
  row(
    "percentile",
    {
      percentile: number(10, "of the recent norms", { min: 0, max: 100 }),
      window: number(100, "norms remembered", { min: 2, max: 1000, integer: true }),
    },
    {
      about: "no threshold to choose: recent gradients set it",
      source: { cite: "Seetharaman et al. 2020 (AutoClip)" },
      elsewhere: {},
    },
    ({ percentile, window }) => percentileClip({ percentile, window }),
  ),
  row(
    "normalize",
    { normalize: number(1, "norm of every step's gradient", positive) },
    { about: "every gradient has the same length", elsewhere: { optax: "normalize_by_update_norm" } },
    ({ normalize }) => normalizeByGlobalNorm(normalize),
  ),
  row(
    "zeroNonFinite",
    { zeroNonFinite: flag("set NaN and infinite entries to 0", true) },
    { about: "keeps going on the finite rest of a gradient", elsewhere: { optax: "zero_nans" } },
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
