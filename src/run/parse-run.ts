/**
 * One zod schema gives a run file's checks, its defaults and the published JSON Schema. Names of optimizers, schedules,
 * losses and data sets are looked up where the run is built, in their own tables.
 */
import { z } from "zod";
import { closest, SteepestError } from "./errors.ts";
import { type Path, type RunSpec, showPath } from "./spec.ts";

const path = z.string().min(1);
const column = z.union([z.string(), z.int()], { error: "must be a column's name or its number from 0" });
const fraction = z.number().min(0).lt(1);
const count = z.int().positive();
const task = z.enum(["classification", "regression"]);

const arrayOptions = {
  task: task.optional().describe("Default: classes for whole-number targets, else a number"),
  classes: count.optional().describe("Number of classes; default the largest label plus one"),
  scale: z.number().optional().describe("Features are multiplied by this; default 1/255 for bytes, else 1"),
  standardize: z.boolean().optional().describe("Subtract the training part's mean, divide by its deviation"),
};

const dataSchema = z.union([
  z.strictObject({
    source: z.string().describe("A built-in data set: digits, lesson-ill-conditioned, lesson-logistic, …"),
    standardize: z.boolean().optional(),
  }),
  z.strictObject({
    csv: path.describe("A CSV file, relative to the run file"),
    target: column.nullable().optional().describe("The column to predict"),
    header: z.boolean().optional(),
    delimiter: z.string().min(1).optional(),
    categorical: z.array(column).optional().describe("Columns to one-hot encode"),
    exclude: z.array(column).optional(),
    task: task.optional(),
    missing: z.enum(["error", "drop"]).optional().describe("What to do with rows that have an empty cell"),
    standardize: z.boolean().optional(),
    test: path.optional().describe("A second file of the same columns for the final test"),
  }),
  z.strictObject({
    npy: path.describe("An .npy file of features, the first axis over samples"),
    target: path.nullable().optional().describe("An .npy file of targets"),
    ...arrayOptions,
    test: z.strictObject({ npy: path, target: path.nullable().optional() }).optional(),
  }),
  z.strictObject({
    idx: path.describe("An IDX file of features (gzipped or not)"),
    target: path.nullable().optional().describe("An IDX file of labels"),
    ...arrayOptions,
    test: z.strictObject({ idx: path, target: path.nullable().optional() }).optional(),
  }),
  z.strictObject({
    text: path.describe("A UTF-8 text file; the vocabulary is its characters"),
    context: count.describe("Characters the model sees"),
    predict: z.enum(["next", "every"]).optional(),
  }),
]);

const moduleSchema = z.strictObject({
  module: path.describe("A TypeScript or JavaScript module that exports the function"),
});

/** Layers of a declared model; the compiler's time grows faster than their number. */
const MOST_LAYERS = 1000;
const sizes = z
  .union([z.array(count), count.transform((n) => [n])], {
    error: "must be a list of sizes such as [128, 64]",
  })
  .refine((list) => list.length <= MOST_LAYERS, `must have at most ${MOST_LAYERS} sizes`)
  .describe("Sizes of the hidden layers");
const dropout = z.number().min(0).lt(1).optional();
/** Names are those of `activations` in nn; they are checked there. */
const activation = z.string().optional().describe("relu, gelu, tanh, sigmoid, silu, …; default relu");

const modelSchema = z.union([
  z.strictObject({ kind: z.literal("linear"), bias: z.boolean().optional() }),
  z.strictObject({ kind: z.literal("mlp"), hidden: sizes, activation, dropout }),
  z.strictObject({
    kind: z.literal("cnn"),
    channels: sizes.describe("Convolutions' output channels, one per block"),
    image: z.array(count).length(3).optional().describe("[channels, height, width], where rows come flat"),
    kernel: count.optional(),
    pool: count.optional().describe("Side of the max-pooling window; 1 for none"),
    batchNorm: z.boolean().optional(),
    hidden: sizes.optional(),
    activation,
    dropout,
  }),
  z.strictObject({
    kind: z.literal("transformer"),
    layers: count.max(MOST_LAYERS),
    width: count,
    heads: count,
    context: count.optional().describe("Default: what the data has"),
    vocabulary: count.optional().describe("Default: what the data has"),
    feedForward: count.optional(),
    activation,
    dropout,
    tied: z.boolean().optional().describe("Share the embedding with the output layer"),
    predict: z.enum(["every", "next"]).optional(),
  }),
  moduleSchema,
]);

const RATE = 'must be a positive number, or "auto" to find one';

/** `"adamw"` is short for `{ "name": "adamw" }`; what other options there are depends on the name. */
const optimizerSchema = z.union(
  [
    z.looseObject({
      name: z.string(),
      lr: z
        .union([z.number().positive({ error: RATE }), z.literal("auto")], { error: RATE })
        .optional()
        .describe('Learning rate, or "auto" to find it; default PyTorch\'s for this optimizer'),
    }),
    z.string().transform((name): { name: string; lr?: number; [option: string]: unknown } => ({ name })),
  ],
  { error: "must be a name or a record with a name" },
);

const scheduleSchema = z.union(
  [
    z.looseObject({ name: z.string() }),
    z.string().transform((name): { name: string; [option: string]: unknown } => ({ name })),
  ],
  { error: "must be a name or a record with a name" },
);

/** One key chooses the clip and holds its number; the table of clips in optim checks the rest. */
const clipSchema = z
  .looseObject({
    globalNorm: z.number().optional().describe("Scale all gradients to this norm at most"),
    value: z.number().optional().describe("Clamp every gradient entry to ±this"),
  })
  .describe("Also tensorNorm, blockRms, adaptive, percentile, normalize, zeroNonFinite");

/** `--freeze 0` gives a number. */
const pattern = z.union([z.string().min(1), z.number().transform(String)]);
const freezeSchema = z
  .union([z.array(pattern), pattern.transform((one) => [one])], {
    error: 'must be the name of a parameter or module, such as "blocks.*", or a list of them',
  })
  .describe("Parameters or modules that keep their values; * stands for any characters");

const runSchema = z.strictObject({
  $schema: z.string().optional(),
  name: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]*$/, {
      error: "must be letters, digits, '-', '_' and '.', for it names a folder",
    })
    .max(200, { error: "must have at most 200 characters, for it names a folder" })
    .default("run"),
  data: dataSchema,
  model: modelSchema,
  loss: z
    .union(
      [
        moduleSchema,
        z.looseObject({ name: z.string() }),
        z.string().transform((name): { name: string; [option: string]: unknown } => ({ name })),
      ],
      { error: "must be the name of a loss, a record with a name, or { module }" },
    )
    .optional()
    .describe("Default: softmax-cross-entropy for classes, mse for numbers"),
  optimizer: optimizerSchema,
  schedule: scheduleSchema.default({ name: "constant" }),
  clip: clipSchema.optional(),
  freeze: freezeSchema.optional(),
  batchSize: z
    .union([count, z.literal("full")], { error: 'must be a positive whole number or "full"' })
    .optional()
    .describe("Default 64, or all rows where there are fewer"),
  dropLast: z.boolean().default(false).describe("Drop an epoch's last batch when it is not full"),
  shuffle: z.boolean().default(true).describe("Draw a new order of the rows each epoch"),
  epochs: count.optional().describe("Passes over the data; default 10 when steps is not given either"),
  steps: count.optional().describe("Optimizer steps, instead of epochs"),
  seed: z.int().min(0).default(42),
  dtype: z.enum(["float32", "float64"]).default("float32"),
  backend: z.string().default("auto").describe("auto, native, wasm, blas or reference"),
  validation: fraction
    .default(0.1)
    .describe("Share of the training rows held out to validate after each epoch"),
  earlyStopping: z
    .strictObject({
      patience: count.describe("Epochs without a lower loss after which the run ends"),
      minDelta: z
        .number()
        .min(0)
        .optional()
        .describe("A loss counts as lower from this difference on; default 0"),
    })
    .optional()
    .describe(
      "End the run when the validation loss no longer falls; without validation rows, the training loss",
    ),
  measures: z
    .array(z.string())
    .optional()
    .describe('Losses by name, or "accuracy": logged beside the loss, in training and in validation'),
  logEvery: count.optional().describe("Steps between lines of metrics.jsonl; default: at most 20,000 lines"),
  checkpointEvery: count.optional().describe("Steps between checkpoints, besides those every 10 seconds"),
  nonFinite: z
    .enum(["stop", "continue"])
    .default("stop")
    .describe("What to do when the loss or the gradient is NaN or infinite"),
  madeWith: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
    .optional()
    .describe("Written by steepest into a run folder: versions, backend, platform. Ignored when read"),
});

/** The top-level keys of a run file. */
export const runKeys: readonly string[] = Object.keys(runSchema.shape).filter((k) => k !== "madeWith");

/**
 * Checks a record and fills defaults in. `locate` says where a key was written, e.g. "at run.json:3:5".
 * Throws `run-file` with one message for the first problem, naming key and place, and how many more there are.
 */
export function parseRun(
  record: unknown,
  { locate }: { locate?: (at: Path) => string | undefined } = {},
): RunSpec {
  const result = runSchema.safeParse(record);
  if (!result.success) {
    const problems = result.error.issues.flatMap((issue) => flatten(issue, record, []));
    const first = problems[0]!;
    const { help } = first;
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
    throw new SteepestError("run-file", `${first.what}${more}`, {
      where: locate?.(first.at) ?? (first.at.length > 0 ? `at ${showPath(first.at)}` : undefined),
      help: typeof help === "function" ? help() : help,
    });
  }
  const spec: RunSpec = result.data;
  if (spec.epochs !== undefined && spec.steps !== undefined) {
    throw new SteepestError("run-file", "both epochs and steps are given", {
      where: locate?.(["epochs"]),
      help: "remove one: they would contradict each other",
    });
  }
  return spec.epochs === undefined && spec.steps === undefined ? { ...spec, epochs: 10 } : spec;
}

interface Problem {
  readonly at: Path;
  readonly what: string;
  /** A function where finding the words costs time: there may be a hundred thousand problems. */
  readonly help?: string | (() => string) | undefined;
}

type Issue = z.core.$ZodIssue;

/** A zod issue in our words. Of a union's alternatives, the one that the record most looks like is reported. */
function flatten(issue: Issue, root: unknown, base: Path): Problem[] {
  const at: Path = [...base, ...(issue.path as (string | number)[])];
  const key = showPath(at);
  const value = valueAt(root, at);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((word): Problem => {
      const help = (): string => {
        const known = knownKeys(at, value);
        const near = closest(word, known);
        return near ? `did you mean "${near}"?` : `the keys are ${known.join(", ")}`;
      };
      return { at: [...at, word], what: `unknown key "${word}"${key ? ` in ${key}` : ""}`, help };
    });
  }
  if (issue.code === "invalid_union") {
    if (issue.errors.length > 0 && typeof value === "object" && value !== null) {
      const branch = [...issue.errors].sort((a, b) => distance(a) - distance(b))[0]!;
      const discriminators = missingDiscriminator(at, value);
      if (discriminators) return [discriminators];
      return branch.flatMap((inner) => flatten(inner, root, at));
    }
  }
  if (issue.code === "invalid_type" && value === undefined) {
    return [{ at, what: `"${key}" is missing`, help: `add "${key}" (${issue.expected}) to the run` }];
  }
  return [
    { at, what: `${key || "the run"} is ${show(value)}`, help: `${key || "it"} ${requirement(issue)}` },
  ];
}

/** `data` and `model` are told apart by one key: when it is missing or unknown, say which there are. */
function missingDiscriminator(at: Path, value: object): Problem | undefined {
  const name = showPath(at);
  if (name === "data" && !dataKinds.some((k) => k in value)) {
    const word = Object.keys(value)[0];
    const near = word === undefined ? undefined : closest(word, dataKinds);
    return {
      at,
      what: "data does not say where the rows come from",
      help: near ? `did you mean "${near}" instead of "${word}"?` : `give one of ${dataKinds.join(", ")}`,
    };
  }
  if (name === "model" && !("module" in value)) {
    const kind = (value as { kind?: unknown }).kind;
    if (typeof kind === "string" && (modelKinds as readonly string[]).includes(kind)) return undefined;
    const near = typeof kind === "string" ? closest(kind, modelKinds) : undefined;
    return {
      at: kind === undefined ? at : [...at, "kind"],
      what: kind === undefined ? `"model.kind" is missing` : `there is no model of kind ${show(kind)}`,
      help: near
        ? `did you mean "${near}"?`
        : `the kinds are ${modelKinds.join(", ")}, or give { "module": "./model.ts" }`,
    };
  }
  return undefined;
}

const dataKinds = ["source", "csv", "npy", "idx", "text"] as const;
const modelKinds = ["linear", "mlp", "cnn", "transformer"] as const;

/** How little a union's alternative fits: a wrong discriminating key weighs more than a wrong value. */
function distance(issues: readonly Issue[]): number {
  return issues.reduce((sum, issue) => {
    if (issue.code === "unrecognized_keys") return sum + 2 * issue.keys.length;
    if (issue.code === "invalid_value") return sum + 10;
    if (issue.code === "invalid_type" && issue.path.length === 0) return sum + 100;
    return sum + (issue.code === "invalid_type" ? 3 : 1);
  }, 0);
}

function requirement(issue: Issue): string {
  if (issue.message.startsWith("must")) return issue.message; // the schema's own words
  switch (issue.code) {
    case "invalid_type":
      return `must be ${article(issue.expected)}`;
    case "too_small":
      return `must be ${issue.inclusive ? "at least" : "greater than"} ${issue.minimum}`;
    case "too_big":
      return `must be ${issue.inclusive ? "at most" : "less than"} ${issue.maximum}`;
    case "invalid_value":
      return `must be ${issue.values.map((v) => JSON.stringify(v)).join(" or ")}`;
    default:
      return issue.message;
  }
}

const article = (type: string): string =>
  type === "int"
    ? "a whole number"
    : type === "array"
      ? "a list"
      : `a${/^[aeiou]/.test(type) ? "n" : ""} ${type}`;

/** The keys that a strict record at this place may have, by the alternative of the union that fits best. */
function knownKeys(at: Path, value: unknown): string[] {
  const keysOf = (schema: unknown): string[] => Object.keys((schema as z.ZodObject).shape ?? {});
  if (at.length === 0) return [...runKeys];
  const field = at[0] as keyof typeof unions;
  const alternatives = unions[field]?.map(keysOf) ?? [];
  const overlap = (keys: readonly string[]): number =>
    keys.filter((k) => typeof value === "object" && value !== null && k in value).length;
  return [...alternatives].sort((a, b) => overlap(b) - overlap(a))[0] ?? [];
}

const unions = {
  data: dataSchema.options,
  model: modelSchema.options,
} as const;

function valueAt(root: unknown, at: Path): unknown {
  return at.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null
        ? (value as Record<string | number, unknown>)[key]
        : undefined,
    root,
  );
}

function show(value: unknown): string {
  if (typeof value === "number") return String(value);
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** The JSON Schema of run files, for editors (`$schema`); published as schema/run.schema.json. */
export function runJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(runSchema, { io: "input" });
  return { $schema, title: "A steepest run file", ...rest };
}
