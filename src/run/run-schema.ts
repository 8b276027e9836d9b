/**
 * One zod schema gives a run file's checks, its defaults and the published JSON Schema. It is made with the first run: a
 * program that trains without run files does not wait for it.
 */
import { z } from "zod";
import type { RunSpec } from "./spec.ts";

/** What `make` makes at the first call. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

const path = once(() => z.string().min(1));
const column = once(() =>
  z.union([z.string(), z.int()], { error: "must be a column's name or its number from 0" }),
);
const fraction = once(() => z.number().min(0).lt(1));
const count = once(() => z.int().positive());
const task = once(() => z.enum(["classification", "regression"]));

const arrayOptions = once(() => ({
  task: task().optional().describe("Default: classes for whole-number targets, else a number"),
  classes: count().optional().describe("Number of classes; default the largest label plus one"),
  scale: z.number().optional().describe("Features are multiplied by this; default 1/255 for bytes, else 1"),
  standardize: z.boolean().optional().describe("Subtract the training part's mean, divide by its deviation"),
}));

const dataSchema = once(() =>
  z.union([
    z.strictObject({
      source: z.string().describe("A built-in data set: digits, lesson-ill-conditioned, lesson-logistic, …"),
      standardize: z.boolean().optional(),
    }),
    z.strictObject({
      csv: path().describe("A CSV file, relative to the run file"),
      target: column().nullable().optional().describe("The column to predict"),
      header: z.boolean().optional().describe("Whether the first row has names; default: it has no number"),
      delimiter: z
        .string()
        .min(1)
        .optional()
        .describe("Between cells; a space stands for any white space; default: what the first line holds"),
      decimal: z
        .enum([".", ","])
        .optional()
        .describe("Before a number's fraction; default: seen from the rows"),
      encoding: z.string().optional().describe("Of the text, such as windows-1252; default utf-8"),
      categorical: z.array(column()).optional().describe("Columns to one-hot encode"),
      exclude: z.array(column()).optional(),
      task: task().optional(),
      missing: z.enum(["error", "drop"]).optional().describe("What to do with rows that have an empty cell"),
      standardize: z.boolean().optional(),
      test: path().optional().describe("A second file of the same columns for the final test"),
    }),
    z.strictObject({
      npy: path().describe("An .npy file of features, the first axis over samples"),
      target: path().nullable().optional().describe("An .npy file of targets"),
      ...arrayOptions(),
      test: z.strictObject({ npy: path(), target: path().nullable().optional() }).optional(),
    }),
    z.strictObject({
      idx: path().describe("An IDX file of features (gzipped or not)"),
      target: path().nullable().optional().describe("An IDX file of labels"),
      ...arrayOptions(),
      test: z.strictObject({ idx: path(), target: path().nullable().optional() }).optional(),
    }),
    z.strictObject({
      text: path().describe("A UTF-8 text file; the vocabulary is its characters"),
      context: count().describe("Characters the model sees"),
      predict: z.enum(["next", "every"]).optional(),
    }),
  ]),
);

const moduleSchema = once(() =>
  z.strictObject({
    module: path().describe("A TypeScript or JavaScript module that exports the function"),
  }),
);

/** Layers of a declared model; the compiler's time grows faster than their number. */
const MAX_LAYERS = 1000;
const sizes = once(() =>
  z
    .union([z.array(count()), count().transform((n) => [n])], {
      error: "must be a list of sizes such as [128, 64]",
    })
    .refine((list) => list.length <= MAX_LAYERS, `must have at most ${MAX_LAYERS} sizes`)
    .describe("Sizes of the hidden layers"),
);
const dropout = once(() => z.number().min(0).lt(1).optional());
/** Names are those of `activations` in nn; they are checked there. */
const activation = once(() =>
  z.string().optional().describe("relu, gelu, tanh, sigmoid, silu, …; default relu"),
);

const parametrized = once(() => ({
  parametrization: z
    .enum(["standard", "mup"])
    .optional()
    .describe(
      "mup: scales and rates follow the width, so that the best rate stays where it is (docs/width.md)",
    ),
  baseWidth: count()
    .optional()
    .describe("The width at which mup is the standard parametrization; default 64"),
}));

const modelSchema = once(() =>
  z.union([
    z.strictObject({ kind: z.literal("linear"), bias: z.boolean().optional() }),
    z.strictObject({
      kind: z.literal("mlp"),
      hidden: sizes(),
      activation: activation(),
      dropout: dropout(),
      ...parametrized(),
    }),
    z.strictObject({
      kind: z.literal("cnn"),
      channels: sizes().describe("Convolutions' output channels, one per block"),
      image: z
        .array(count())
        .length(3)
        .optional()
        .describe("[channels, height, width], where rows come flat"),
      kernel: count().optional(),
      pool: count().optional().describe("Side of the max-pooling window; 1 for none"),
      batchNorm: z.boolean().optional(),
      hidden: sizes().optional(),
      activation: activation(),
      dropout: dropout(),
    }),
    z.strictObject({
      kind: z.literal("transformer"),
      layers: count().max(MAX_LAYERS),
      width: count(),
      heads: count(),
      context: count().optional().describe("Default: what the data has"),
      vocabulary: count().optional().describe("Default: what the data has"),
      feedForward: count().optional(),
      activation: activation(),
      dropout: dropout(),
      tied: z.boolean().optional().describe("Share the embedding with the output layer"),
      predict: z.enum(["every", "next"]).optional(),
      ...parametrized(),
    }),
    moduleSchema(),
  ]),
);

const RATE = 'must be a positive number, or "auto" to find one';

/** `"adamw"` is short for `{ "name": "adamw" }`; what other options there are depends on the name. */
const optimizerSchema = once(() =>
  z.union(
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
  ),
);

const scheduleSchema = once(() =>
  z.union(
    [
      z.looseObject({ name: z.string() }),
      z.string().transform((name): { name: string; [option: string]: unknown } => ({ name })),
    ],
    { error: "must be a name or a record with a name" },
  ),
);

/** One key chooses the clip and holds its number; the table of clips in optim checks the rest. */
const clipSchema = once(() =>
  z
    .looseObject({
      globalNorm: z.number().optional().describe("Scale all gradients to this norm at most"),
      value: z.number().optional().describe("Clamp every gradient entry to ±this"),
    })
    .describe("Also tensorNorm, blockRms, adaptive, percentile, normalize, zeroNonFinite"),
);

const namesOrOne = (what: string) =>
  z.union([z.array(pattern()), pattern().transform((one) => [one])], {
    error: `must be the name of a parameter or module, such as "${what}", or a list of them`,
  });

/** `--freeze 0` gives a number. */
const pattern = once(() => z.union([z.string().min(1), z.number().transform(String)]));
const freezeSchema = once(() =>
  namesOrOne("blocks.*").describe(
    "Parameters or modules that keep their values; * stands for any characters",
  ),
);

const otherSchedules = once(() =>
  z
    .strictObject({
      momentum: scheduleSchema().optional().describe("Momentum (Adam: β₁); its base is the optimizer's own"),
      weightDecay: z
        .union([z.literal("rate"), scheduleSchema()])
        .optional()
        .describe('Weight decay; its base is the optimizer\'s own. "rate": it goes with the learning rate'),
    })
    .describe("Schedules of other numbers than the learning rate"),
);

const groupsSchema = once(() =>
  z
    .array(
      z.looseObject({
        params: namesOrOne("*.bias").describe("Parameters or modules; * stands for any characters"),
        lr: z.number().positive().optional(),
        schedule: scheduleSchema().optional().describe("Default: the run's, in proportion"),
      }),
    )
    .min(1)
    .describe(
      "Parameters with options of the optimizer, or a schedule, of their own; the first match counts",
    ),
);

const batchSizesSchema = once(() =>
  z.strictObject({
    sizes: z
      .array(count())
      .min(1)
      .describe("The sizes in their order; each of two neighbours divides the other"),
    starts: z.array(z.int().min(0)).describe("From when on each is wanted; the first is 0"),
    unit: z.enum(["steps", "examples"]).optional().describe("What starts count; default steps"),
    lrScaling: z
      .enum(["none", "sqrt", "linear"])
      .optional()
      .describe("How the learning rate follows the size; default none"),
  }),
);

const runSchema = once(() =>
  z.strictObject({
    $schema: z.string().optional(),
    name: z
      .string()
      .regex(/^[A-Za-z0-9][\w.-]*$/, {
        error: "must be letters, digits, '-', '_' and '.', for it names a folder",
      })
      .max(200, { error: "must have at most 200 characters, for it names a folder" })
      .default("run"),
    data: dataSchema(),
    model: modelSchema(),
    loss: z
      .union(
        [
          moduleSchema(),
          z.looseObject({ name: z.string() }),
          z.string().transform((name): { name: string; [option: string]: unknown } => ({ name })),
        ],
        { error: "must be the name of a loss, a record with a name, or { module }" },
      )
      .optional()
      .describe("Default: softmax-cross-entropy for classes, mse for numbers"),
    optimizer: optimizerSchema(),
    schedule: scheduleSchema().default({ name: "constant" }),
    schedules: otherSchedules().optional(),
    groups: groupsSchema().optional(),
    clip: clipSchema().optional(),
    freeze: freezeSchema().optional(),
    batchSize: z
      .union([count(), z.literal("full"), batchSizesSchema()], {
        error: 'must be a positive whole number, "full", or { sizes, starts }',
      })
      .optional()
      .describe("Default 64, or all rows where there are fewer; { sizes, starts } grows them"),
    dropLast: z.boolean().default(false).describe("Drop an epoch's last batch when it is not full"),
    shuffle: z.boolean().default(true).describe("Draw a new order of the rows each epoch"),
    epochs: count().optional().describe("Passes over the data; default 10 when steps is not given either"),
    steps: count().optional().describe("Optimizer steps, instead of epochs"),
    seed: z.int().min(0).default(42),
    dtype: z.enum(["float32", "float64"]).default("float32"),
    backend: z.string().default("auto").describe("auto, native, wasm, blas or reference"),
    validation: fraction()
      .default(0.1)
      .describe("Share of the training rows held out to validate after each epoch"),
    earlyStopping: z
      .strictObject({
        patience: count().describe("Epochs without a lower loss after which the run ends"),
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
    logEvery: count()
      .optional()
      .describe("Steps between lines of metrics.jsonl; default: at most 20,000 lines"),
    checkpointEvery: count().optional().describe("Steps between checkpoints, besides those every 10 seconds"),
    nonFinite: z
      .enum(["stop", "continue"])
      .default("stop")
      .describe("What to do when the loss or the gradient is NaN or infinite"),
    madeWith: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
      .optional()
      .describe("Written by steepest into a run folder: versions, backend, platform. Ignored when read"),
  }),
);

/** A record checked, with its defaults; or what is wrong with it, in zod's words. */
export const checkRun = (record: unknown): z.ZodSafeParseResult<RunSpec> => runSchema().safeParse(record);

/** The top-level keys of a run file. */
export const runKeys = (): string[] => Object.keys(runSchema().shape).filter((k) => k !== "madeWith");

/** The keys that each alternative of a union has; none where the field is no union of records. */
export function alternatives(field: string): string[][] {
  const unions: Readonly<Record<string, readonly unknown[]>> = {
    data: dataSchema().options,
    model: modelSchema().options,
    batchSize: [batchSizesSchema()],
    schedules: [otherSchedules()],
  };
  return (unions[field] ?? []).map((schema) => Object.keys((schema as z.ZodObject).shape));
}

/** The JSON Schema of run files, for editors (`$schema`); published as schema/run.schema.json. */
export function runJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(runSchema(), { io: "input" });
  return { $schema, title: "A steepest run file", ...rest };
}
