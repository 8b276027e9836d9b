/**
 * Runs the cases of test/golden/optimizers.json and clip.json (PyTorch 1.13 and NumPy, see test/golden/README.md)
 * through the public API on any backend.
 */
import type { Backend } from "../../src/engine/backend.ts";
import {
  abs,
  add,
  and,
  cast,
  constant,
  div,
  dot,
  type Expr,
  eq,
  exp,
  floor,
  input,
  iota,
  log1p,
  matmul,
  max,
  mean,
  mul,
  ne,
  neg,
  or,
  reshape,
  type Shape,
  select,
  sizeOf,
  square,
  sub,
  sum,
  take,
  zerosLike,
} from "../../src/engine/graph/index.ts";
import type { Tensors, Transform } from "../../src/optim/index.ts";
import * as optim from "../../src/optim/index.ts";
import { type Json, read } from "./golden-files.ts";
import { makeTrainer, type Values } from "./program.ts";

type Nested = number | string | readonly Nested[];

export interface GoldenCase {
  readonly id: string;
  readonly optimizer: string;
  readonly source: "torch" | "numpy";
  readonly problem: string;
  readonly lr?: number;
  readonly options: Readonly<Record<string, unknown>>;
  readonly groups?: readonly Readonly<Record<string, unknown>>[];
  readonly gradient_negated?: boolean;
  readonly rtol?: number;
  readonly lrs?: readonly number[];
  readonly scheduler?: string;
  readonly clip_grad_norm?: number;
  readonly clip_grad_value?: number;
  readonly averaged_params_after_50?: readonly Nested[];
  readonly at: readonly {
    readonly step: number;
    readonly params: readonly Nested[];
    readonly y?: readonly Nested[];
  }[];
}

const file = read("optimizers.json");
export const optimizerCases: readonly GoldenCase[] = file["cases"] as readonly GoldenCase[];
/** What make_more.py adds in NumPy: optimizers that neither PyTorch nor the first file has. */
export const moreCases: readonly GoldenCase[] = read("optimizers-more.json")[
  "cases"
] as readonly GoldenCase[];

const file2026 = read("optimizers-2026.json");
/** By running their authors' code (README-2026.md). */
export const cases2026: readonly GoldenCase[] = file2026["cases"] as readonly GoldenCase[];
const problems = {
  ...(file["problems"] as Record<string, Json>),
  ...(file2026["problems"] as Record<string, Json>),
};

/** The recorded bug of torch 1.13's NAdam; its README and `warning` say it is no target. */
export const isQuirk = (c: GoldenCase): boolean => c.id.includes("nadam-1.13-quirk");

export const flat = (x: Nested): number[] =>
  typeof x === "number" ? [x] : typeof x === "string" ? [Number(x)] : x.flatMap(flat);

// ---------------------------------------------------------------- problems

interface Problem {
  readonly shapes: Readonly<Record<string, Shape>>;
  readonly start: Values;
  readonly loss: (params: Tensors) => Expr;
}

const tensor = (rows: Nested, shape: Shape, dtype: "float32" | "float64"): Expr =>
  constant(Float64Array.from(flat(rows)), { shape, dtype });

function problem(name: string, dtype: "float32" | "float64"): Problem {
  const data = problems[name]!;
  const tensors = (data["x0"] as Nested[]).map(flat);
  const shapes = data["shapes"] as Shape[];
  const named = (names: readonly string[]): Pick<Problem, "shapes" | "start"> => ({
    shapes: Object.fromEntries(names.map((n, i) => [n, shapes[i]!])),
    start: Object.fromEntries(names.map((n, i) => [n, tensors[i]!])),
  });
  switch (name) {
    case "quad5": {
      const a = tensor(data["A"] as Nested, [5, 5], dtype);
      const b = tensor(data["b"] as Nested, [5], dtype);
      return {
        ...named(["x"]),
        loss: ({ x }) => {
          const ax = reshape(matmul(a, reshape(x!, [5, 1])), [5]);
          return sub(mul(0.5, dot(x!, ax)), dot(b, x!));
        },
      };
    }
    case "rosenbrock":
      return {
        ...named(["p"]),
        loss: ({ p }) => {
          const [x, y] = [take(p!, 0, 0), take(p!, 0, 1)];
          return add(square(sub(1, x)), mul(100, square(sub(y, square(x)))));
        },
      };
    case "logreg": {
      const run1 = read("seed-walkthrough.json")["run1"] as Json;
      const x = tensor(run1["X"] as Nested, [1000, 3], dtype);
      const y = tensor(run1["y"] as Nested, [1000, 1], dtype);
      return {
        ...named(["weight", "bias"]),
        loss: ({ weight, bias }) => {
          const z = add(matmul(x, weight!, { transposeB: true }), bias!);
          return mean(add(sub(max(z, 0), mul(z, y)), log1p(exp(neg(abs(z))))));
        },
      };
    }
    default: {
      const [rows, columns] = shapes[0] as [number, number];
      const count = (data["A"] as Nested[]).length;
      const a = tensor(data["A"] as Nested, [count, rows], dtype);
      const y = tensor(data["Y"] as Nested, [count, columns], dtype);
      return {
        ...named(["W", "b"].slice(0, shapes.length)),
        loss: (p) => {
          const product = matmul(a, p["W"]!);
          const residual = sub(p["b"] ? add(product, p["b"]) : product, y);
          return mul(0.5 / count, sum(square(residual)));
        },
      };
    }
  }
}

// ---------------------------------------------------------------- names

const camel = (key: string): string => key.replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase());
const camelKeys = (o: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(o).map(([k, v]) => [camel(k), v]));

/** Cases of a variant, or recorded in other words: our name, options called otherwise here, options that theirs implies. */
const variants: Readonly<
  Record<string, readonly [string, Readonly<Record<string, string>>?, Readonly<Record<string, unknown>>?]>
> = {
  HeavyBall: ["sgd", { beta: "momentum" }],
  NAGLookahead: ["nag", { mu: "momentum" }],
  Nesterov1983: ["nesterov"],
  NesterovStrong: ["nesterov"],
  PolyakStep: ["polyak-sgd"],
  AdafactorTorch: ["adafactor"],
  AdafactorPaper: ["adafactor-hf"],
  SophiaH: ["sophia-h", {}, { estimator: "exact" }],
  AMSGradOptax: ["amsgrad"],
  AdamNoCorrection: ["adam", {}, { biasCorrection: false }],
  SGDW: ["sgd", {}, { decoupledWeightDecay: true }],
  NAdamTorch2: ["nadam", { decoupled: "decoupledWeightDecay" }],
  RAdamW: ["radam", {}, { decoupledWeightDecay: true }],
  StableAdamW: ["stable-adamw", { clipThresh: "clipThreshold" }],
  LaPropTimm: ["laprop", {}, { decayByLr: true }],
  Grams: ["grams", { correctBias: "biasCorrection" }],
  AdamAtan2: [
    "adam-atan2",
    { regenRegRate: "regeneration", decoupledWd: "perFirstLr", cautiousWd: "cautiousWeightDecay" },
  ],
  ProdigyScheduleFree: ["schedule-free-prodigy"],
  CautiousAdamW: [
    "adam",
    { correctBias: "biasCorrection" },
    { decoupledWeightDecay: true, epsBeforeCorrection: true, caution: "mean" },
  ],
  CautiousAdamWTimm: ["adamw", {}, { caution: "mean" }],
  CautiousLion: ["lion"],
  AdamWCautiousDecay: ["adamw", {}, { cautiousWeightDecay: true }],
  LionCautiousDecay: ["lion", {}, { cautiousWeightDecay: true }],
  SGDMomentumCautiousDecay: ["sgd", {}, { cautiousWeightDecay: true }],
  MuonWithAuxAdam: ["muon", {}, { epsForm: "add" }],
  CautiousMuon: ["muon", {}, { epsForm: "add" }],
  MuonMoonshot: [
    "muon",
    {},
    { epsForm: "add", heavyBall: true, adjustLrFn: "match_rms_adamw", auxEpsBeforeCorrection: true },
  ],
  MuonH: ["muonh", { mu: "momentum" }],
};

/** Upper case and hyphens aside: "SparseAdam" is "sparse-adam". */
const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "");

/** The row that a case is about: by its name here, or in another library. */
function rowNamed(recorded: string): string | undefined {
  const wanted = plain(recorded);
  const { optimizers } = optim;
  const found =
    optimizers.find((o) => plain(o.name) === wanted) ??
    optimizers.find((o) =>
      Object.values(o.elsewhere).some((other) => other !== null && plain(other) === wanted),
    );
  return variants[recorded]?.[0] ?? found?.name;
}

/** Recorded options that are said in another way here: settings of other tensors, masks by their scale. */
const inOurWords: Readonly<Record<string, (value: never) => Readonly<Record<string, unknown>>>> = {
  aux: (aux: Readonly<Record<string, unknown>>) => ({
    auxLr: aux["lr"],
    auxBetas: aux["betas"],
    auxEps: aux["eps"],
    auxWeightDecay: aux["weight_decay"],
  }),
  mars_type: (type: string) => ({ variant: type.replace("mars-", ""), auxEps: 1e-8 }),
  optimize_1d: (everyTensor: boolean) => ({ everyTensor }),
  lr_1d: (auxLr: number) => ({ auxLr }),
  betas_1d: (auxBetas: readonly number[]) => ({ auxBetas }),
  weight_decay_1d: (auxWeightDecay: number) => ({ auxWeightDecay }),
  shampoo_beta: (beta: number) => ({ shampooBeta: beta < 0 ? null : beta }),
  grafting: (grafting: string | null) => ({ grafting: grafting ?? "none" }),
  memory_save_mode: (mode: string | null) => ({ memorySaveMode: mode ?? "none" }),
  mask_scale: (scale: string) => ({ caution: scale === "1/mean" ? "mean" : "count" }),
};

/** Recorded to tell variants apart, and said by the row or its name here. */
const described: Readonly<Record<string, readonly string[]>> = {
  MuonWithAuxAdam: ["scale"],
  MuonMoonshot: ["scale"],
  CautiousMuon: ["scale"],
  MuonH: ["ns_coefficients"],
};

const SCION_NORMS: Readonly<Record<string, string>> = {
  Auto: "spectral",
  Spectral: "spectral",
  Sign: "sign",
  ColNorm: "columns",
  RowNorm: "rows",
};

function scionOptions(o: Readonly<Record<string, never>>): Record<string, unknown> {
  const { normalized, transpose, max: atLeastOne } = o["norm_kwargs"]! as Readonly<Record<string, boolean>>;
  return {
    momentum: 1 - o["momentum"]!,
    norm: SCION_NORMS[o["norm"]!],
    normalized: normalized ?? true,
    transposed: transpose ?? false,
    atLeastOne: atLeastOne ?? false,
    scale: o["scale"],
    vectorScale: o["vector_scale"],
    constrained: !o["unconstrained"],
    nsSteps: o["ns_steps"],
  };
}

function spell(c: GoldenCase, given: Readonly<Record<string, unknown>>): [string, Record<string, unknown>] {
  const name = rowNamed(c.optimizer)!;
  const [, renamed = {}, extra = {}] = variants[c.optimizer] ?? [name];
  if (name === "scion") return [name, scionOptions(given as Record<string, never>)];
  const options: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(given)) {
    if (described[c.optimizer]?.includes(key)) continue;
    const ours = inOurWords[key];
    if (ours) Object.assign(options, ours(value as never));
    else options[renamed[camel(key)] ?? camel(key)] = value;
  }
  return [name, { ...options, ...extra }];
}

/** The probe values that the cases record: a formula of their number, over the tensors in order, fit after fit. */
const recordedProbe: optim.Probe = (tensors, _, updates) => {
  const total = Object.values(tensors).reduce((n, x) => n + sizeOf(x.shape), 0);
  let before = 0;
  return Object.fromEntries(
    Object.entries(tensors).map(([name, x]) => {
      const size = sizeOf(x.shape);
      const n = add(cast(iota([size]), "float64"), add(before, mul(total, updates)));
      const value = add(mul(7, square(n)), mul(13, n));
      const rest = sub(value, mul(101, floor(div(value, 101))));
      before += size;
      return [name, cast(reshape(div(sub(rest, 50), 29), x.shape), x.dtype)];
    }),
  );
};

function transformOf(c: GoldenCase): Transform {
  const o = camelKeys(c.options) as Record<string, never>;
  const sgd = (): Transform => optim.sgd();
  switch (c.optimizer) {
    case "LBFGS":
      return optim.lbfgs({ historySize: o["historySize"]! });
    case "Lookahead":
      return optim.lookahead(optim.makeOptimizer(o["inner"]!), { k: o["k"]!, alpha: o["alpha"]! });
    case "SAM":
      return optim.sam(sgd(), { rho: o["rho"]!, adaptive: o["adaptive"]! });
    case "EMAWeights":
      return optim.emaWeights(sgd(), { decay: o["decay"]! });
    case "SWA":
      return optim.swaWeights(sgd(), { start: o["start"]! });
  }
  if (c.optimizer === "PSGDKron") {
    const { weightDecay, ...rest } = spell(c, c.options)[1] as unknown as optim.PsgdKronOptions;
    const decay: Transform | false = weightDecay > 0 && optim.decayMatrices(weightDecay);
    return optim.chain(optim.scaleByKron(rest, recordedProbe), decay, optim.scaleByLr());
  }
  if (c.groups) {
    const names = ["W", "b"];
    const [name, options] = spell(c, c.options);
    return optim.parameterGroups(
      name,
      options,
      c.groups.map((g, i) => ({ match: [names[i]!], options: spell(c, g)[1] })),
    );
  }
  const [name, options] = spell(c, c.options);
  const own = optim.makeOptimizer(name, c.lr === undefined ? options : { lr: c.lr, ...options });
  if (c.clip_grad_norm !== undefined) return optim.chain(optim.clipByGlobalNorm(c.clip_grad_norm), own);
  if (c.clip_grad_value !== undefined) return optim.chain(optim.clipByValue(c.clip_grad_value), own);
  return own;
}

// ---------------------------------------------------------------- running

export interface Deviation {
  readonly step: number;
  readonly what: string;
  /** Largest difference over the largest recorded entry, per tensor. */
  readonly error: number;
}

const deviation = (
  want: Nested,
  got: ArrayLike<number>,
  determined: (entry: number) => boolean = () => true,
): number => {
  const w = flat(want);
  const scale = Math.max(1e-300, ...w.map(Math.abs));
  return Math.max(...w.map((x, i) => (determined(i) ? Math.abs(x - got[i]!) : 0))) / scale;
};

/**
 * The steps follow the gradient's sign, and on this path the slopes of W's column 1 are 0 in exact arithmetic from
 * step 6 on (NumPy computes 2e-16 to 8e-16, whose sign is that of its rounding errors): after step 10 that column
 * is decided by the order in which a matrix product adds, so it is not compared.
 */
const isDetermined =
  (c: GoldenCase, step: number, tensorName: string, dtype: "float32" | "float64") =>
  (entry: number): boolean => {
    if (c.id !== "numpy/signsgd/mat") return true;
    // float32 turns the other way at step 6, and then the whole path is another one
    if (dtype === "float32") return step < 6;
    return !(step > 10 && tensorName === "W" && entry % 3 === 1);
  };

/** Inverse roots and eigenbases of the first gradient alone meet eigenvalues of 0: they turn on how those are rounded. */
const meetsZeroAtOnce = ({ optimizer }: GoldenCase): boolean =>
  optimizer === "SOAP" || optimizer === "Shampoo";

/**
 * The largest deviation to accept. In float64 the file's own `rtol`: 20 times what rounding-sized noise does to the path
 * (at least 1e-10). In float32 that noise is 2²⁹ times larger: paths that amplify noise are held to rtol·2²⁹ (half the
 * weights' size at most), the others to 5e-3, and the first three steps, where nothing has grown yet, to 1e-4.
 */
export function toleranceOf(c: GoldenCase, step: number, dtype: "float32" | "float64"): number {
  if (dtype === "float64") return c.rtol ?? 1e-9;
  if (step <= 3 && !meetsZeroAtOnce(c)) return 1e-4;
  return c.rtol !== undefined && c.rtol > 1e-10 ? Math.min(0.5, Math.max(5e-3, c.rtol * 2 ** 29)) : 5e-3;
}

/** OneCycleLR's momentum (cosine, base 0.85, max 0.95, 30 %): it falls while the rate rises. */
export function oneCycleMomentum(step: number, total: number): number {
  const peak = 0.3 * total - 1;
  const between = (from: number, to: number, p: number): number =>
    to + ((from - to) / 2) * (1 + Math.cos(Math.PI * p));
  return step <= peak
    ? between(0.95, 0.85, step / peak)
    : between(0.85, 0.95, (step - peak) / (total - 1 - peak));
}

export const isHostDriven = (c: GoldenCase): boolean =>
  c.optimizer === "Backtracking" || (c.optimizer === "LBFGS" && c.options["max_iter"] !== 1);

export function runCase(c: GoldenCase, backend: Backend, dtype: "float32" | "float64"): Deviation[] {
  if (isHostDriven(c)) return runHostDriven(c, backend, dtype);
  if (c.optimizer === "SparseAdam") return runSparse(c, backend, dtype);
  const { shapes, start, loss } = problem(c.problem, dtype);
  const transform = transformOf(c);
  const oneCycle = c.scheduler?.startsWith("OneCycleLR") ?? false;
  const trainer = makeTrainer({
    backend,
    dtype,
    shapes,
    start,
    loss: c.gradient_negated ? (p) => neg(loss(p)) : loss,
    transform,
    scheduledMomentum: oneCycle,
  });
  const out: Deviation[] = [];
  const last = Math.max(...c.at.map((r) => r.step));
  const base = c.lr ?? (c.options["lr"] as number);
  // the average, where there is one; the file has ASGD's apart, and of Lookahead the weights that it trains
  const average =
    transform.evaluationParams !== undefined && !c.averaged_params_after_50 && c.optimizer !== "Lookahead";
  const compare = (
    step: number,
    what: string,
    want: readonly Nested[],
    got: Record<string, number[]>,
  ): void =>
    Object.keys(shapes).forEach((n, i) => {
      out.push({
        step,
        what: `${what} ${n}`,
        error: deviation(want[i]!, got[n]!, isDetermined(c, step, n, dtype)),
      });
    });
  for (let k = 1; k <= last; k++) {
    trainer.step(c.lrs?.[k - 1] ?? base, oneCycle ? oneCycleMomentum(k - 1, 51) : 0);
    const record = c.at.find((r) => r.step === k);
    if (record === undefined) continue;
    compare(
      k,
      average ? "average" : "params",
      record.params,
      average ? trainer.evaluated() : trainer.params(),
    );
    if (record.y) compare(k, "trained", record.y, trainer.params());
  }
  if (c.averaged_params_after_50) compare(last, "average", c.averaged_params_after_50, trainer.evaluated());
  return out;
}

/** Line searches and L-BFGS with several iterations a step: loops on the host over a compiled loss and gradient. */
function runHostDriven(c: GoldenCase, backend: Backend, dtype: "float32" | "float64"): Deviation[] {
  const { shapes, start, loss } = problem(c.problem, dtype);
  const objective = optim.compileObjective(loss, shapes, { backend, dtype });
  const o = c.options as Record<string, never>;
  const search = optim.backtracking({ c: o["c"]!, tau: o["tau"]! });
  const stepper: optim.Stepper =
    c.optimizer === "LBFGS"
      ? optim.lbfgsStepper({
          lr: c.lr!,
          maxIter: o["max_iter"]!,
          historySize: o["history_size"]!,
          lineSearch: o["line_search_fn"] === "strong_wolfe" ? optim.strongWolfe() : null,
        })
      : {
          step: (f, x) => {
            const from = f.evaluate(x);
            const found = search(f, from, from.gradient.map((g) => -g), c.lr!); // biome-ignore format: one call
            return { x: found.point.x, evaluations: found.evaluations + 1 };
          },
        };
  let x = objective.pack(start);
  const out: Deviation[] = [];
  for (let k = 1; k <= Math.max(...c.at.map((r) => r.step)); k++) {
    ({ x } = stepper.step(objective, x));
    const got = objective.unpack(x);
    c.at
      .find((r) => r.step === k)
      ?.params.forEach((want, i) => {
        const n = Object.keys(shapes)[i]!;
        out.push({ step: k, what: `params ${n}`, error: deviation(want, got[n]!) });
      });
  }
  return out;
}

/** The embedding problem of the sparse cases: at step k only the rows named in `problem_def` have a gradient. */
function runSparse(c: GoldenCase, backend: Backend, dtype: "float32" | "float64"): Deviation[] {
  const target = constant(Float64Array.from([1, 2, 1, 2, 1, 2, 1, 2, 1, 2]), { shape: [5, 2], dtype });
  const rowOf = Float64Array.from([0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
  const rows = constant(rowOf, { shape: [5, 2], dtype: "float64" });
  const loss = ({ E }: Tensors): Expr => mul(0.5, sum(square(sub(E!, target))));
  const gradients = ({ E }: Tensors, step: Expr): Tensors => {
    const mod = (x: Expr, m: number): Expr => sub(x, mul(m, floor(div(x, m))));
    const first = eq(rows, mod(step, 5));
    const second = eq(rows, mod(add(mul(2, step), 1), 5));
    const both = or(first, and(second, ne(mod(step, 4), 0)));
    const g = sub(E!, target);
    return { E: select(both, g, zerosLike(g)) };
  };
  const start = { E: Float64Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? 0.1 : -0.2) * (i >> 1)) };
  const trainer = makeTrainer({
    backend,
    dtype,
    shapes: { E: [5, 2] },
    start,
    loss,
    gradients,
    transform: transformOf(c),
  });
  const out: Deviation[] = [];
  for (let k = 1; k <= 50; k++) {
    trainer.step(c.lr!);
    const record = c.at.find((r) => r.step === k);
    if (record)
      out.push({ step: k, what: "params E", error: deviation(record.params[0]!, trainer.params()["E"]!) });
  }
  return out;
}

// ---------------------------------------------------------------- clips

export interface ClipCase {
  readonly id: string;
  readonly fn: string;
  readonly grads: readonly Nested[];
  readonly params?: readonly Nested[];
  readonly clipped: readonly Nested[];
  readonly total_norm?: number | string;
  readonly error_if_nonfinite_raises?: boolean;
  readonly [option: string]: unknown;
}

export const clipCases: readonly ClipCase[] = read("clip.json")["cases"] as readonly ClipCase[];

const shapeOf = (x: Nested): number[] => (Array.isArray(x) ? [x.length, ...shapeOf(x[0] as Nested)] : []);

function clipOf(c: ClipCase): optim.Clip | Transform {
  const option = (name: string): number => Number(c[name]);
  switch (c.fn) {
    case "clip_grad_norm_":
      return optim.clipByGlobalNorm(option("max_norm"), { p: option("norm_type"), errorIfNonfinite: true });
    case "clip_grad_value_":
      return optim.clipByValue(option("clip_value"));
    case "clip_by_global_norm":
      return optim.clipByGlobalNorm(option("max_norm"), { eps: 0 });
    case "clip_by_block_rms":
      return optim.clipByBlockRms(option("threshold"));
    case "clip":
      return optim.clipByValue(option("max_delta"));
    case "normalize_by_update_norm":
      return optim.normalizeByGlobalNorm(option("scale_factor"));
    case "centralize":
      return optim.centralize();
    case "adaptive_grad_clip":
      return optim.adaptiveClip(option("clipping"), { eps: option("eps"), unitAxis: "last" });
    default:
      throw new Error(`no clip for ${c.fn}`);
  }
}

/** The clipped gradients and what the clip measured. */
export function runClip(
  c: ClipCase,
  backend: Backend,
  dtype: "float32" | "float64",
): { clipped: number[][]; measured: Record<string, number>; errorIfNonfinite: boolean } {
  const clip = clipOf(c);
  const inputs = c.grads.map((g, i) => input(`g${i}`, shapeOf(g), dtype));
  const params = c.grads.map((g, i) => input(`p${i}`, shapeOf(g), dtype));
  const named = (list: readonly unknown[]): Tensors =>
    Object.fromEntries(list.map((e, i) => [String(i), e as Expr]));
  const hyper = { lr: constant(0, { dtype: "float64" }), step: constant(1, { dtype: "float64" }) };
  const [updates] = clip.update(named(inputs), {}, named(params), hyper);
  const measures: Tensors = clip.measure?.(named(inputs), {}, named(params), hyper) ?? {};
  const program = backend.compile({
    inputs: [...inputs, ...params],
    state: [],
    outputs: [
      ...Object.entries(updates).map(([k, e]) => ({ name: `out${k}`, value: e })),
      ...Object.entries(measures).map(([k, e]) => ({ name: k, value: e })),
    ],
  });
  c.grads.forEach((g, i) => {
    program.view(`g${i}`).set(flat(g));
    program.view(`p${i}`).set(flat(c.params?.[i] ?? g));
  });
  program.run();
  return {
    clipped: c.grads.map((_, i) => Array.from(program.view(`out${i}`))),
    measured: Object.fromEntries(Object.keys(measures).map((k) => [k, program.view(k)[0]!])),
    errorIfNonfinite: "errorIfNonfinite" in clip && clip.errorIfNonfinite === true,
  };
}
