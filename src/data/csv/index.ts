/** A table in a CSV file: numbers, categories as one-hot columns, and a target of classes or numbers. */
import { SteepestError } from "../../run/errors.ts";
import {
  type ColumnEncoding,
  checkFinite,
  checkSamples,
  classTarget,
  type Dataset,
  type FloatDType,
  noTarget,
  packed,
  type Samples,
  type TableEncoding,
  type Target,
} from "../dataset.ts";
import type { DataHost } from "../host.ts";
import type { CsvSpec } from "../spec.ts";
import {
  describeFeatures,
  type Encoded,
  type EncodeOptions,
  emptyEncoded,
  encodeRows,
  joinFeatures,
  joinTarget,
  sortedWords,
} from "./encode.ts";
import { readCsvRows } from "./rows.ts";
import { alignSchema, type Column, inferSchema, type Schema } from "./schema.ts";

/** Rows looked at before deciding what each column is. */
const SAMPLE = 1000;
/** From this many rows on, a column of words is refused as a feature where more than half of its words stand in one row alone. */
const ENOUGH_ROWS = 50;
/** A target of whole numbers with at most this many different values is taken for classes when nothing says otherwise. */
const FEW_VALUES = 20;

/**
 * Streams the file once: beyond the arrays it returns, memory holds one block and one piece of text at a time.
 * Throws `data-empty`, `csv-*` and `label-range` errors that name row and column.
 */
export async function loadCsv(
  spec: CsvSpec,
  host: DataHost,
  { dtype, kind }: { dtype: FloatDType; kind?: "class" | "number" | undefined },
): Promise<Dataset> {
  const labels = kind === "class";
  const encode = { dtype, missing: spec.missing ?? "error" } as const;
  const table = await readTable(spec.csv, spec, host, { ...encode, where: spec.csv, frozen: false }, (rows) =>
    inferSchema(rows, spec, { labels, where: spec.csv }),
  );
  const { schema } = table;
  if (spec.categorical === undefined) refuseIdentifiers(table, spec.csv);
  const goal = targetMaker(table, kind, dtype, spec.csv);
  const { names, categorical } = describeFeatures(schema.features);
  const samples = (read: Table, where: string): Samples => {
    const features = joinFeatures(read.encoded, schema.features, dtype, where);
    checkFinite(features, where, names);
    const made = { features, target: goal.make(joinTarget(read.encoded), where, features.shape[0]!) };
    checkSamples(made, where);
    return made;
  };
  const train = samples(table, spec.csv);
  const common = {
    name: spec.csv,
    featureNames: names,
    categorical,
    encoding: encodingOf(schema),
    ...(goal.classes && { classes: goal.classes }),
  };
  if (spec.test === undefined) return { ...common, ...train };
  const test = spec.test;
  const read = await readTable(test, spec, host, { ...encode, where: test, frozen: true }, (rows) =>
    alignSchema(schema, rows[0] ?? [], test),
  );
  return { ...common, ...train, test: samples(read, test) };
}

interface Table {
  readonly schema: Schema;
  readonly encoded: Encoded;
}

/** Holds rows back until there are enough to make the schema, then encodes them as they come. */
async function readTable(
  path: string,
  spec: CsvSpec,
  host: DataHost,
  options: EncodeOptions,
  makeSchema: (rows: readonly string[][]) => Schema,
): Promise<Table> {
  let held: string[][] = [];
  let table: Table | null = null;
  const begin = (): Table => {
    // Blank lines at the top count as rows but say nothing about the columns.
    const blank = held.findIndex((row) => row.join("").trim() !== "");
    const top = blank < 0 ? held.length : blank;
    const schema = makeSchema(held.slice(top, top + SAMPLE));
    const encoded = emptyEncoded(schema);
    const skip = top + (schema.header ? 1 : 0);
    encodeRows(encoded, schema, held.slice(skip), skip + 1, options);
    held = [];
    return { schema, encoded };
  };
  await readCsvRows(host, path, spec, (rows, first) => {
    if (table) return encodeRows(table.encoded, table.schema, rows, first, options);
    held.push(...rows);
    if (held.length > SAMPLE) table = begin();
  });
  return table ?? begin();
}

/** A word for nearly every row is a name, a date or a text: one-hot, it teaches nothing about other rows. Throws `csv-categories`. */
function refuseIdentifiers({ schema, encoded }: Table, where: string): void {
  const { rows } = encoded.features;
  if (rows < ENOUGH_ROWS) return;
  const column = schema.features.find(({ codes }) => codes !== null && codes.size * 2 > rows);
  if (column === undefined) return;
  throw new SteepestError(
    "csv-categories",
    `column "${column.name}" has ${column.codes!.size} different words in ${rows} rows`,
    {
      where,
      help: `leave it out ("exclude": ["${column.name}"]), or write what matters of it as a number; to keep its words, list all columns of words under categorical`,
    },
  );
}

function encodingOf({ header, width, features, target, decimal }: Schema): TableEncoding {
  const encoded = ({ name, codes }: Column): ColumnEncoding => ({
    name,
    words: codes && sortedWords(codes).words,
  });
  return {
    header,
    width,
    ...(decimal === "," && { decimal }),
    features: features.map(encoded),
    target: target && encoded(target),
  };
}

interface TargetMaker {
  readonly classes?: readonly string[];
  readonly make: (values: Float64Array, where: string, n: number) => Target;
}

/** Decides once, on the training file, what the target is, and turns any file's column into it. */
function targetMaker(
  { schema, encoded }: Table,
  kind: "class" | "number" | undefined,
  dtype: FloatDType,
  where: string,
): TargetMaker {
  const column = schema.target;
  if (!column) return { make: (_, __, n) => noTarget(n) };
  if (column.codes) {
    if (kind === "number") {
      throw new SteepestError(
        "csv-target",
        `the target column "${column.name}" holds words, and the loss needs numbers`,
        {
          where,
          help: "choose a numeric target, or a classification loss such as softmax-cross-entropy",
        },
      );
    }
    const { words, rank } = sortedWords(column.codes);
    return {
      classes: words,
      make: (codes, at) =>
        classTarget(
          codes.map((c) => rank[c]!),
          at,
          words.length,
        ),
    };
  }
  const values = joinTarget(encoded);
  const distinct = distinctValues(values, kind === "class" ? 10_000 : FEW_VALUES);
  const whole = values.every(Number.isInteger);
  if (kind === "class" && (!distinct || !whole)) {
    const what = whole ? "has more than 10000 different values" : "holds fractions";
    throw new SteepestError(
      "csv-target",
      `the target column "${column.name}" ${what}, so it is not a class`,
      {
        where,
        help: 'predict it as a number: "task": "regression" and the loss "mse"',
      },
    );
  }
  if (kind === "number" || !distinct || !whole) {
    return {
      make: (v) => ({
        ...packed(dtype === "float32" ? Float32Array.from(v) : v, [v.length]),
        kind: "number",
      }),
    };
  }
  const place = new Map(distinct.map((value, i) => [value, i]));
  return {
    classes: distinct.map(String),
    make: (v, at) => {
      const row = v.findIndex((value) => !place.has(value));
      if (row >= 0) {
        throw new SteepestError(
          "label-range",
          `data row ${row + 1} has the label ${v[row]}, which training has not`,
          {
            where: at,
            help: `labels of the training file: ${distinct.slice(0, 20).join(", ")}`,
          },
        );
      }
      return classTarget(
        v.map((value) => place.get(value)!),
        at,
        distinct.length,
      );
    },
  };
}

/** The different values in order, or null when there are more than `most`. */
function distinctValues(values: Float64Array, limit: number): number[] | null {
  const seen = new Set<number>();
  for (const value of values) {
    seen.add(value);
    if (seen.size > limit) return null;
  }
  return [...seen].sort((a, b) => a - b);
}
