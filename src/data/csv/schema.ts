/** What each column of a table is: known from the run file, else inferred from its first rows. */
import { closest, SteepestError } from "../../run/errors.ts";
import type { CsvSpec } from "../spec.ts";
import { type Decimal, hasComma, isMissing, isNumber, mayBeThousands } from "./cells.ts";

export interface Column {
  readonly name: string;
  /** Place in the row, from 0. */
  readonly index: number;
  /** Code of each word met so far, for categories and labels; null for a column of numbers. */
  readonly codes: Map<string, number> | null;
}

export interface Schema {
  readonly features: readonly Column[];
  readonly target: Column | null;
  /** Cells in a row. */
  readonly width: number;
  readonly header: boolean;
  readonly decimal: Decimal;
}

/**
 * Reads names from the first row when it is a header, and infers kinds from the rest of `rows`: a column is one of
 * categories when less than half of its cells that are not missing are numbers.
 * Throws `data-empty`, `csv-header`, `csv-column`, `csv-cell`.
 */
export function inferSchema(
  rows: readonly string[][],
  spec: CsvSpec,
  { labels, where }: { labels: boolean; where: string },
): Schema {
  const top = rows[0];
  if (!top)
    throw new SteepestError("data-empty", "the file is empty", { where, help: "give a file with rows" });
  const header = spec.header ?? !top.some((cell) => isNumber(cell, ".") || isNumber(cell, ","));
  const names = header ? top.map((name) => name.trim()) : top.map((_, i) => String(i));
  const seen = new Set<string>();
  const repeated = names.find((name) => seen.size === seen.add(name).size);
  if (repeated !== undefined) {
    throw new SteepestError("csv-header", `two columns are called "${repeated}"`, {
      where,
      help: "rename one, or set header to false if the first row is data",
    });
  }
  const place = (key: string | number): number => findColumn(names, key, where);
  const target = targetPlace(spec, names, where);
  const excluded = new Set((spec.exclude ?? []).map(place));
  const categorical = spec.categorical && new Set(spec.categorical.map(place));
  const body = rows.slice(header ? 1 : 0);
  const given = names.map((name, i) => ({
    name,
    cells: body.map((row) => row[i] ?? "").filter((cell) => !isMissing(cell)),
  }));
  const asNumbers = given.filter((_, i) => !excluded.has(i) && !categorical?.has(i));
  const decimal = spec.decimal ?? (asNumbers.some((column) => usesComma(column, where)) ? "," : ".");
  const words = (index: number): boolean => {
    const { cells } = given[index]!;
    return cells.filter((cell) => isNumber(cell, decimal)).length * 2 < cells.length;
  };
  const column = (index: number, coded: boolean): Column => ({
    name: names[index]!,
    index,
    codes: coded ? new Map() : null,
  });
  const features = names.flatMap((_, i) =>
    i === target || excluded.has(i) ? [] : [column(i, categorical ? categorical.has(i) : words(i))],
  );
  if (features.length === 0) {
    throw new SteepestError("csv-column", "no feature column is left beside the target", {
      where,
      help: "check target, exclude and delimiter",
    });
  }
  return {
    features,
    target:
      target === null
        ? null
        : column(
            target,
            words(target) || (labels && !body.every((r) => isNumber(r[target] ?? "0", decimal))),
          ),
    width: names.length,
    header,
    decimal,
  };
}

/**
 * Whether commas stand before fractions in a column most of whose cells are numbers, with commas or without. Throws
 * `csv-cell` where they may part thousands just as well.
 */
function usesComma(
  { name, cells }: { readonly name: string; readonly cells: readonly string[] },
  where: string,
): boolean {
  const withComma = cells.filter(hasComma);
  const others = cells.filter((cell) => isNumber(cell, ".")).length;
  if (withComma.length === 0 || (withComma.length + others) * 2 < cells.length) return false;
  if (!withComma.every(mayBeThousands)) return true;
  throw new SteepestError(
    "csv-cell",
    `column "${name}" has numbers with a comma, as "${withComma[0]!.trim()}"`,
    {
      where,
      help: 'write "decimal": "," in data if a fraction follows it, remove it if it parts thousands, or list the column under categorical',
    },
  );
}

/** The same columns in another file: by name when both have a header, else by place. */
export function alignSchema(schema: Schema, top: readonly string[], where: string): Schema {
  const names = schema.header ? top.map((name) => name.trim()) : top.map((_, i) => String(i));
  const places = new Map(names.map((name, i) => [name, i]));
  const moved = (column: Column): Column => ({
    ...column,
    index: places.get(column.name) ?? findColumn(names, column.name, where),
  });
  return {
    ...schema,
    features: schema.features.map(moved),
    target: schema.target && moved(schema.target),
    width: top.length,
  };
}

function targetPlace(spec: CsvSpec, names: readonly string[], where: string): number | null {
  if (spec.target === null) return null;
  if (spec.target === undefined) {
    throw new SteepestError("csv-column", "data.target, the column to predict, is not given", {
      where,
      help: `name one of ${listed(names)}, or null for data without a target`,
    });
  }
  return findColumn(names, spec.target, where);
}

/** Throws `csv-column`, listing the columns and the closest name. */
function findColumn(names: readonly string[], key: string | number, where: string): number {
  const index = typeof key === "string" ? names.indexOf(key) : key < 0 ? names.length + key : key;
  if (Number.isInteger(index) && index >= 0 && index < names.length) return index;
  const near = typeof key === "string" ? closest(key, names) : undefined;
  throw new SteepestError("csv-column", `there is no column ${typeof key === "string" ? `"${key}"` : key}`, {
    where,
    help: `${near ? `did you mean "${near}"? ` : ""}The columns are ${listed(names)}`,
  });
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 20).map((name) => `"${name}"`);
  return shown.join(", ") + (names.length > 20 ? ` and ${names.length - 20} more` : "");
}
