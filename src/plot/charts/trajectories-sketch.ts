/** A map of paths in characters: contour bands as dots, each path with its number. */
import { planTrajectories, type TrajectoryMap } from "./trajectories.ts";

export interface MapSketchOptions {
  /** Characters, the frame included. */
  readonly width?: number;
  readonly height?: number;
  readonly ascii?: boolean;
  /** Puts a colour around the mark of path number `i`. */
  readonly paint?: (mark: string, i: number) => string;
}

/** How the paths are called in the sketch: 1 … 9, then letters. */
export const pathMark = (i: number): string => "123456789abcdefghijklmnopqrstuvwxyz"[i] ?? "#";

export function sketchTrajectories(
  map: TrajectoryMap,
  { width = 72, height = 22, ascii = false, paint = (mark) => mark }: MapSketchOptions = {},
): string {
  const plan = planTrajectories(map);
  const [columns, rows] = [width - 2, height - 2];
  const column = (x: number): number => cell(x, map.x.domain, columns);
  const row = (y: number): number => rows - 1 - cell(y, map.y.domain, rows);
  const cells = Array.from({ length: rows }, (_, r) =>
    Array.from({ length: columns }, (_, c) =>
      ground(map, plan, (c + 0.5) / columns, 1 - (r + 0.5) / rows, ascii),
    ),
  );
  const put = ([x, y]: readonly number[], mark: string): void => {
    cells[row(y!)]![column(x!)] = mark;
  };
  // the first path is drawn last and stays whole
  plan.paths
    .map((p, i) => [p, i] as const)
    .reverse()
    .forEach(([{ lines }, i]) => {
      for (const line of lines) {
        for (let k = 0; k < line.length; k++) {
          const [b, a] = [line[k]!, line[k - 1] ?? line[k]!];
          const n = Math.max(1, Math.abs(column(b[0]) - column(a[0])), Math.abs(row(b[1]) - row(a[1])));
          for (let j = 0; j <= n; j++) {
            const t = j / n;
            put([a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])], paint(pathMark(i), i));
          }
        }
      }
    });
  const within = (v: number, [lo, hi]: readonly [number, number]): boolean => v >= lo && v <= hi;
  for (const { at } of map.minima ?? [])
    if (within(at[0]!, map.x.domain) && within(at[1]!, map.y.domain)) put(at, ascii ? "*" : "✚");
  for (const start of plan.starts) put(start, ascii ? "o" : "○");
  const bar = (ascii ? "-" : "─").repeat(columns);
  const side = ascii ? "|" : "│";
  const show = (v: number): string => String(Number(v.toPrecision(3)));
  const under = `${map.x.label} ${show(map.x.domain[0])} … ${show(map.x.domain[1])}, ${map.y.label} ${show(map.y.domain[0])} … ${show(map.y.domain[1])} upwards`;
  return [
    ascii ? `+${bar}+` : `┌${bar}┐`,
    ...cells.map((r) => `${side}${r.join("")}${side}`),
    ascii ? `+${bar}+` : `└${bar}┘`,
    ascii ? under.replace("…", "to").replace("…", "to") : under,
  ].join("\n");
}

const cell = (v: number, [lo, hi]: readonly [number, number], cells: number): number =>
  Math.min(cells - 1, Math.max(0, Math.floor((cells * (v - lo)) / (hi - lo))));

/** Every other band between contours is dotted. */
function ground(
  { grid }: TrajectoryMap,
  { heights, levels }: ReturnType<typeof planTrajectories>,
  across: number,
  up: number,
  ascii: boolean,
): string {
  const at = (share: number, cells: number): number => Math.min(cells - 1, Math.floor(share * cells));
  const height = heights[at(up, grid.rows) * grid.columns + at(across, grid.columns)]!;
  if (Number.isNaN(height)) return ascii ? "?" : "╳";
  const band = levels.filter((l) => height >= l).length;
  return band % 2 === 0 ? " " : ascii ? "." : "·";
}
