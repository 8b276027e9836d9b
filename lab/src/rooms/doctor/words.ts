/** Small ways of writing that the doctor's parts share. */
import type { Chart } from "steepest/plot";
import type { Table } from "../../lib/save.ts";

/** In quotes for a shell where it needs them. */
export const quoted = (word: string): string =>
  /^[\w.,:=+/-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;

/** "12 kB", "3.4 MB". */
export const size = (bytes: number): string =>
  bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

/** The numbers of a chart's curves. */
export const curveTable = (chart: Chart | null, unit = "step"): Table => ({
  columns: ["series", unit, "value"],
  rows: (chart?.panels ?? []).flatMap((p) =>
    p.series.flatMap((s) => Array.from(s.x, (x, i): [string, number, number] => [s.name, x, s.y[i]!])),
  ),
});
