/** The kinds of `data` in a run file, as types only: the schema that checks them is run/spec.ts. Paths are read by the host. */
import type { DataSpec } from "../run/spec.ts";

export type { DataSpec };

/** A built-in data set by its name. */
export type SourceSpec = Extract<DataSpec, { source: string }>;

/**
 * `target` is a name, or an index from 0 (negative counts from the end), or null for none. What is left out is inferred:
 * the first row is a header when none of its cells is a number; the delimiter is the comma, semicolon, tab or bar it holds
 * most of, else white space; numbers have a decimal comma where their column leaves no doubt; the text is UTF-8, or UTF-16 with
 * its mark; a column is categorical when most of its cells are not numbers; the target is a class for words and for at
 * most 20 different whole numbers, unless the loss wants otherwise.
 */
export type CsvSpec = Extract<DataSpec, { csv: string }>;

/** Arrays in files: one of features, one of targets with as many rows. */
export type NpySpec = Extract<DataSpec, { npy: string }>;
/** Data in MNIST's IDX files. */
export type IdxSpec = Extract<DataSpec, { idx: string }>;

/** `predict: "next"` (default) aims at the character after the window, [n]; "every" at the one after each position, [n, context]. */
export type TextSpec = Extract<DataSpec, { text: string }>;
