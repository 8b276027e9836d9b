/** The rows of a table below its header: their cells become points of the runs in it. */
import { isBlank, parseNumber } from "../number.ts";
import { Recorder } from "../recorder.ts";
import type { ReadOptions } from "../types.ts";
import { type Column, planColumns, type TablePlan } from "./csv-columns.ts";

/** The numbers of one row. */
export interface Cells {
  readonly values: Float64Array;
  /** 1 where a column has a number. */
  readonly filled: Uint8Array;
}

/** Rows as they come; a row is either read as texts, or put into `cells` and ended. */
export interface CsvRows {
  /** Null before the header. */
  readonly plan: TablePlan | null;
  /** One for each run of the table. */
  readonly recorders: readonly Recorder[];
  /** Rows that had more or fewer cells than the header. */
  readonly ragged: number;
  /** Cells of the last row. */
  readonly lastFields: number;
  /** A row's cells as texts; the first is the header, which may come again. */
  readonly read: (fields: readonly string[]) => void;
  /** Of the row that is being put; another one for each header. */
  readonly cells: Cells;
  /** The row that was put has so many cells. */
  readonly end: (fields: number) => void;
  /** What was put of the row does not count. */
  readonly drop: () => void;
}

export function createCsvRows(options: ReadOptions, maxPoints: number): CsvRows {
  let plan: TablePlan | null = null;
  let recorders: Recorder[] = [];
  let cells = cellsFor(0);
  let ragged = 0;
  let lastFields = 0;

  const readHeader = (fields: readonly string[]): void => {
    const names = fields.map((f) => f.trim());
    const next = planColumns(names, options);
    if (plan === null) recorders = next.runs.map(() => new Recorder(maxPoints));
    plan = next;
    for (const column of next.columns) {
      if (column.kind === "value") column.series = recorders[column.run]!.series(column.name);
    }
    cells = cellsFor(fields.length);
  };
  const end = (fields: number): void => {
    const { columns } = plan!;
    const { values, filled } = cells;
    lastFields = fields;
    if (fields !== columns.length) ragged++;
    let step: number | undefined;
    let epoch: number | undefined;
    for (let i = 0; i < columns.length; i++) {
      if (filled[i] === 0) continue;
      const { kind } = columns[i]!;
      if (kind === "step") step = values[i]!;
      else if (columns[i]!.isEpoch) epoch = values[i]!;
    }
    for (const recorder of recorders) recorder.row(step, epoch);
    for (let i = 0; i < columns.length; i++) {
      if (filled[i] === 0) continue;
      filled[i] = 0;
      const column = columns[i]!;
      if (column.kind === "value") recorders[column.run]!.put(column.series, values[i]!);
    }
  };
  return {
    get plan() {
      return plan;
    },
    get recorders() {
      return recorders;
    },
    get ragged() {
      return ragged;
    },
    get lastFields() {
      return lastFields;
    },
    read: (fields) => {
      // it is written again when a logger meets new columns or appends a run
      if (plan === null || isHeaderAgain(fields, plan)) {
        readHeader(fields);
        return;
      }
      const { columns } = plan;
      for (let i = 0; i < fields.length && i < columns.length; i++) {
        const value = parseNumber(fields[i]!);
        if (value !== undefined) {
          cells.values[i] = value;
          cells.filled[i] = 1;
        } else if (!isBlank(fields[i]!)) readArrayCell(columns[i]!, fields[i]!, recorders);
      }
      end(fields.length);
      putArrayCells(columns, recorders);
    },
    get cells() {
      return cells;
    },
    end,
    drop: () => cells.filled.fill(0),
  };
}

const cellsFor = (columns: number): Cells => ({
  values: new Float64Array(columns),
  filled: new Uint8Array(columns),
});

const isHeaderAgain = (fields: readonly string[], { columns }: TablePlan): boolean =>
  fields[0]!.trim() === columns[0]!.name &&
  fields.every((f) => f.trim() === "" || parseNumber(f) === undefined);

/** Keras prints a metric with several values as "[1, 2]"; each becomes a series of its own. */
function readArrayCell(column: Column, cell: string, recorders: readonly Recorder[]): void {
  const inner = /^\s*[[(](.{1,400})[\])]\s*$/s.exec(cell)?.[1];
  if (inner === undefined || column.kind !== "value") return;
  const items = inner.split(/[\s,]+/).filter((item) => item !== "");
  const recorder = recorders[column.run]!;
  items.slice(0, 64).forEach((item, i) => {
    const value = parseNumber(item);
    if (value !== undefined)
      column.late.push([recorder.series(items.length === 1 ? column.name : `${column.name}[${i}]`), value]);
  });
}

/** Once the row has begun in the recorders, its array cells can be put. */
function putArrayCells(columns: readonly Column[], recorders: readonly Recorder[]): void {
  for (const column of columns) {
    for (const [series, value] of column.late) recorders[column.run]!.put(series, value);
    column.late.length = 0;
  }
}
