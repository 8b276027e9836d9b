/** Cells as numbers, with a decimal point or a decimal comma. */

/** What stands between a number's whole and its fraction. */
export type Decimal = "." | ",";

const MISSING = new Set(["", "na", "n/a", "nan", "null", "none", "?"]);
export const isMissing = (cell: string): boolean => MISSING.has(cell.trim().toLowerCase());

/** Digits, in groups of three or not, and a fraction after a comma: 1234,5 · 1.234,5 · 1 234,5 · ,5 · 12e-3. */
const WITH_COMMA = /^[+-]?(?:\d{1,3}(?:[.\s'’]\d{3})+|\d*)(?:,\d*)?(?:e[+-]?\d+)?$/i;

/** The number that a cell holds; NaN where it holds none. */
export function numberOf(cell: string, decimal: Decimal): number {
  const value = Number(cell);
  // Number("") is 0: an empty cell must not become one
  if (value === 0 && cell.trim() === "") return Number.NaN;
  if (decimal === ".") return value;
  const text = cell.trim();
  return WITH_COMMA.test(text) ? Number(text.replace(/[.\s'’]/g, "").replace(",", ".")) : Number.NaN;
}

/** A cell that reads as a finite number. */
export const isNumber = (cell: string, decimal: Decimal): boolean => Number.isFinite(numberOf(cell, decimal));

/** One comma between digits; with three digits after it and one to three before, it may part thousands as well. */
export const hasComma = (cell: string): boolean => /^\s*[+-]?\d*,\d+\s*$/.test(cell);
export const mayBeThousands = (cell: string): boolean => /^\s*[+-]?[1-9]\d{0,2},\d{3}\s*$/.test(cell);
