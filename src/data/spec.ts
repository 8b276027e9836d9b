/** `data` of a run file: where the rows come from and what they mean. Paths are read by the host. */
export interface SourceSpec {
  /** A built-in data set: see `sources`. */
  readonly source: string;
  readonly standardize?: boolean | undefined;
}

export interface CsvSpec {
  readonly csv: string;
  /** The column to predict: its name, or its index from 0 (negative counts from the end); null for none. */
  readonly target?: string | number | null | undefined;
  /** Default: the first row is a header when none of its cells is a number. */
  readonly header?: boolean | undefined;
  /** Default: whichever of comma, semicolon, tab and bar the first row holds most of. */
  readonly delimiter?: string | undefined;
  /** Columns to one-hot encode. Default: those whose cells are mostly not numbers. */
  readonly categorical?: readonly (string | number)[] | undefined;
  /** Columns to leave out. */
  readonly exclude?: readonly (string | number)[] | undefined;
  /** Default: what the loss needs; else class for words and for at most 20 different whole numbers. */
  readonly task?: "classification" | "regression" | undefined;
  /** What to do with a row that has an empty (or NA) cell. Default "error". */
  readonly missing?: "error" | "drop" | undefined;
  /** Subtract the mean and divide by the standard deviation of the training part. */
  readonly standardize?: boolean | undefined;
  /** A second file of the same columns, kept for the final test. */
  readonly test?: string | undefined;
}

/** Arrays in files: one of features, one of targets with the same number of rows. */
interface ArraySpec {
  readonly target?: string | null | undefined;
  readonly task?: "classification" | "regression" | undefined;
  /** Number of classes; default the largest label plus one. */
  readonly classes?: number | undefined;
  /** Features are multiplied by this. Default 1/255 for bytes of an IDX file (images), else 1. */
  readonly scale?: number | undefined;
  readonly standardize?: boolean | undefined;
}

export interface NpySpec extends ArraySpec {
  readonly npy: string;
  readonly test?: { readonly npy: string; readonly target?: string | null | undefined } | undefined;
}

export interface IdxSpec extends ArraySpec {
  readonly idx: string;
  readonly test?: { readonly idx: string; readonly target?: string | null | undefined } | undefined;
}

export interface TextSpec {
  /** A UTF-8 file; the vocabulary is its characters. */
  readonly text: string;
  /** Characters the model sees. */
  readonly context: number;
  /** "next": the character after the window, target [n]; "every": the one after each position, target [n, context]. */
  readonly predict?: "next" | "every" | undefined;
}

export type DataSpec = SourceSpec | CsvSpec | NpySpec | IdxSpec | TextSpec;
