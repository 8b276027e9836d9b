/**
 * RunSpec: a run as declared, with every default filled in. Flags, the lab's URL and the hand-off are other spellings
 * of it. run-schema.ts holds the schema it is checked by.
 */
type Task = "classification" | "regression";

/** Where a run's data comes from, as a run file declares it: a built-in set, CSV, NPY, IDX or text. */
export type DataSpec =
  | { readonly source: string; readonly standardize?: boolean | undefined }
  | {
      readonly csv: string;
      readonly target?: string | number | null | undefined;
      readonly header?: boolean | undefined;
      readonly delimiter?: string | undefined;
      readonly decimal?: "." | "," | undefined;
      readonly encoding?: string | undefined;
      readonly categorical?: readonly (string | number)[] | undefined;
      readonly exclude?: readonly (string | number)[] | undefined;
      readonly task?: Task | undefined;
      readonly missing?: "error" | "drop" | undefined;
      readonly standardize?: boolean | undefined;
      readonly test?: string | undefined;
    }
  | ({ readonly npy: string } & ArrayOptions & {
        readonly test?: { readonly npy: string; readonly target?: string | null | undefined } | undefined;
      })
  | ({ readonly idx: string } & ArrayOptions & {
        readonly test?: { readonly idx: string; readonly target?: string | null | undefined } | undefined;
      })
  | { readonly text: string; readonly context: number; readonly predict?: "next" | "every" | undefined };

interface ArrayOptions {
  readonly target?: string | null | undefined;
  readonly task?: Task | undefined;
  readonly classes?: number | undefined;
  readonly scale?: number | undefined;
  readonly standardize?: boolean | undefined;
}

/** A function that a TypeScript or JavaScript module exports. */
export interface ModuleSpec {
  readonly module: string;
}

/** A run's model, as a run file declares it: a kind with its sizes, or a module of the user's. */
export type ModelSpec =
  | { readonly kind: "linear"; readonly bias?: boolean | undefined }
  | {
      readonly kind: "mlp";
      readonly hidden: readonly number[];
      readonly activation?: string | undefined;
      readonly dropout?: number | undefined;
      readonly parametrization?: "standard" | "mup" | undefined;
      readonly baseWidth?: number | undefined;
    }
  | {
      readonly kind: "cnn";
      readonly channels: readonly number[];
      readonly image?: readonly number[] | undefined;
      readonly kernel?: number | undefined;
      readonly pool?: number | undefined;
      readonly batchNorm?: boolean | undefined;
      readonly hidden?: readonly number[] | undefined;
      readonly activation?: string | undefined;
      readonly dropout?: number | undefined;
    }
  | {
      readonly kind: "transformer";
      readonly layers: number;
      readonly width: number;
      readonly heads: number;
      readonly context?: number | undefined;
      readonly vocabulary?: number | undefined;
      readonly feedForward?: number | undefined;
      readonly activation?: string | undefined;
      readonly dropout?: number | undefined;
      readonly tied?: boolean | undefined;
      readonly predict?: "every" | "next" | undefined;
      readonly parametrization?: "standard" | "mup" | undefined;
      readonly baseWidth?: number | undefined;
    }
  | ModuleSpec;

/** Batches that grow during a run, as a run file declares them. */
export interface BatchSizes {
  /** The sizes in their order; each of two neighbours divides the other. */
  readonly sizes: readonly number[];
  /** From when on each is wanted; the first is 0. */
  readonly starts: readonly number[];
  /** What starts count: optimizer steps, or examples trained on. Default: steps. */
  readonly unit?: "steps" | "examples" | undefined;
  /** What the learning rate is multiplied by: 1 (the default), √(size/first size) or size/first size. */
  readonly lrScaling?: "none" | "sqrt" | "linear" | undefined;
}

/** Schedules beside the learning rate's, as a run file declares them. */
export interface OtherSchedules {
  /** Momentum (Adam: β₁): a schedule of the table, whose base is the optimizer's own. */
  readonly momentum?: Named | undefined;
  /** Weight decay: likewise; or "rate", to go with the learning rate. */
  readonly weightDecay?: Named | "rate" | undefined;
}

/** Parameters that the optimizer treats otherwise: options that differ, and a schedule of their rate. */
export interface GroupSpec {
  /** Names of parameters or modules; `*` stands for any characters. The first group that matches takes a parameter. */
  readonly params: readonly string[];
  readonly lr?: number | undefined;
  /** Absent: the run's, in proportion. */
  readonly schedule?: Named | undefined;
  readonly [option: string]: unknown;
}

/** A row of a table by its name, with that row's options. */
export interface Named {
  readonly name: string;
  readonly [option: string]: unknown;
}

/**
 * A run as declared: the record that a run file is read into. Defaults are filled in, and every key is
 * checked.
 */
export interface RunSpec {
  readonly $schema?: string | undefined;
  readonly name: string;
  readonly data: DataSpec;
  readonly model: ModelSpec;
  /** Absent: what the target asks for. */
  readonly loss?: Named | ModuleSpec | undefined;
  /** `"auto"`: a search finds the rate before training (see docs/find-lr.md). */
  readonly optimizer: Named & { readonly lr?: number | "auto" | undefined };
  readonly schedule: Named;
  readonly schedules?: OtherSchedules | undefined;
  readonly groups?: readonly GroupSpec[] | undefined;
  /** One key of the table of clips with its number, e.g. `{ globalNorm: 1 }`. */
  readonly clip?: Readonly<Record<string, unknown>> | undefined;
  /** Names of parameters or modules that are not trained; `*` stands for any characters. */
  readonly freeze?: readonly string[] | undefined;
  readonly batchSize?: number | "full" | BatchSizes | undefined;
  readonly dropLast: boolean;
  readonly shuffle: boolean;
  /** One of epochs and steps is given. */
  readonly epochs?: number | undefined;
  readonly steps?: number | undefined;
  readonly seed: number;
  readonly dtype: "float32" | "float64";
  readonly backend: string;
  /**
   * Ends the run once so many epochs have not lowered the validation loss (without validation rows the epoch's training
   * loss) by more than `minDelta`.
   */
  readonly earlyStopping?: { readonly patience: number; readonly minDelta?: number | undefined } | undefined;
  /** Names of losses, or "accuracy": logged beside the loss, of training batches and of validation rows. */
  readonly measures?: readonly string[] | undefined;
  /** Share of the training rows held out. */
  readonly validation: number;
  readonly logEvery?: number | undefined;
  readonly checkpointEvery?: number | undefined;
  readonly nonFinite: "stop" | "continue";
  readonly madeWith?: Readonly<Record<string, string | number | boolean | null>> | undefined;
}

/** A place in a run file. */
export type Path = readonly (string | number)[];

/** "optimizer.lr", "data.columns[2]" */
export function showPath(at: Path): string {
  return at.reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : text === "" ? key : `${text}.${key}`),
    "",
  );
}

type Defaulted =
  | "name"
  | "schedule"
  | "dropLast"
  | "shuffle"
  | "seed"
  | "dtype"
  | "backend"
  | "validation"
  | "nonFinite";

/**
 * What a TypeScript module default-exports: defaults may be left out, a name alone stands for a row without options,
 * and `model` and `loss` may be the layer or the functions themselves (see train's CustomModel and LossFunction).
 */
export type RunInput = Omit<RunSpec, Defaulted | "loss" | "model" | "optimizer"> &
  Partial<Omit<Pick<RunSpec, Defaulted>, "schedule">> & {
    readonly model: ModelSpec | object | ((sizes: never) => object);
    readonly loss?: string | Named | ModuleSpec | ((output: never, batch: never) => object);
    readonly optimizer: string | RunSpec["optimizer"];
    readonly schedule?: string | Named;
  };
