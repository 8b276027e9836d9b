/** Small pieces of Python. */

/** 0.5, 1e-8, math.inf: a float literal. */
export function pyNumber(x: number): string {
  if (Number.isNaN(x)) return "math.nan";
  if (!Number.isFinite(x)) return x > 0 ? "math.inf" : "-math.inf";
  if (Object.is(x, -0)) return "-0.0";
  return Number.isInteger(x) && Math.abs(x) < 1e15 ? `${x}.0` : String(x);
}

/** A plain value as Python writes it. */
export function pyValue(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : pyNumber(value);
  if (Array.isArray(value)) return pyTuple(value.map(pyValue));
  return JSON.stringify(value);
}

/** (1, 2), (1,), () */
export const pyTuple = (items: readonly string[]): string =>
  items.length === 1 ? `(${items[0]},)` : `(${items.join(", ")})`;

export const pyDtype = (dtype: string): string => `torch.${dtype}`;

export const indent = (lines: readonly string[], by = "    "): string[] =>
  lines.map((l) => (l === "" ? l : by + l));
