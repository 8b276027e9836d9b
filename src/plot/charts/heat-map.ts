/** Loss by optimizer and learning rate as a row of tiles each: where the good rates lie, and how wide they are. */
import { type ResolvedAxis, resolveAxis } from "../axis.ts";
import { showValue } from "../numbers.ts";

/** The loss that one rate ends at. */
export interface RateCell {
  readonly lr: number;
  /** Null: diverged. */
  readonly loss: number | null;
}

/** One optimizer's losses over its rates. */
export interface RateRow {
  readonly label: string;
  /** Rising rates. */
  readonly cells: readonly RateCell[];
}

/** Losses of several optimizers over their rates: what `renderHeatMap` and `lossByRateChart` draw. */
export interface RateMap {
  readonly title: string;
  readonly subtitle?: string;
  /** What the loss is: "final validation loss, mean of 3 seeds". */
  readonly lossLabel: string;
  readonly rows: readonly RateRow[];
}

export interface Tile {
  readonly loss: number | null;
  /** Learning rates where the tile begins and ends: halfway to its neighbours, on the log axis. */
  readonly from: number;
  readonly to: number;
  /** 0 for the lowest loss of the map, 1 for the ceiling or more; null for diverged. */
  readonly shade: number | null;
  /** The least loss of its row. */
  readonly best: boolean;
}

export interface HeatMapPlan {
  readonly x: ResolvedAxis;
  readonly rows: readonly {
    readonly label: string;
    readonly tiles: readonly Tile[];
    /** "0.304 at 0.316", or that there is none. */
    readonly best: string;
  }[];
  /** Losses that the ends of the colour scale stand for; null when nothing is finite. */
  readonly scale: readonly [min: number, ceiling: number] | null;
}

/** Where losses span more than this factor, colours follow their logarithm. */
const LOG_FROM = 4;
/** The axis of a map without a rate. */
const NO_RATES = [1e-4, 1];

/** `ceiling`: losses from here on look alike; the loss at the start is a good one. Default: the greatest. */
export function planHeatMap(
  { rows }: RateMap,
  { ceiling = Infinity }: { ceiling?: number } = {},
): HeatMapPlan {
  const finite = rows.flatMap((r) => r.cells.flatMap((c) => c.loss ?? []));
  const min = Math.min(...finite);
  const top = Math.max(min, Math.min(ceiling, Math.max(...finite)));
  const log = min > 0 && top / min > LOG_FROM;
  const place = (v: number): number => (log ? Math.log(v) : v);
  const shadeOf = (loss: number): number =>
    top === min ? 0 : Math.min(1, (place(loss) - place(min)) / (place(top) - place(min)));
  const lines = rows.map(({ label, cells }) => {
    const losses = cells.flatMap((c) => c.loss ?? []);
    const bestAt = cells.findIndex((c) => c.loss === Math.min(...losses));
    const best = cells[bestAt];
    return {
      label,
      best: best?.loss == null ? "diverged" : `${showValue(best.loss)} at ${showValue(best.lr)}`,
      tiles: cells.map((c, i): Tile => {
        const [before, after] = [cells[i - 1]?.lr, cells[i + 1]?.lr];
        const half = (other: number): number => Math.sqrt(c.lr * other);
        // at an end as far out as inwards
        const from =
          before !== undefined ? half(before) : after !== undefined ? c.lr ** 2 / half(after) : c.lr / 2;
        const to =
          after !== undefined ? half(after) : before !== undefined ? c.lr ** 2 / half(before) : c.lr * 2;
        return {
          loss: c.loss,
          from,
          to,
          shade: c.loss === null ? null : shadeOf(c.loss),
          best: i === bestAt,
        };
      }),
    };
  });
  const ends = lines.flatMap((r) => r.tiles.flatMap((t) => [t.from, t.to]));
  const shown = ends.length > 0 ? ends : NO_RATES;
  return {
    x: resolveAxis({ label: "learning rate", scale: "log" }, shown, { target: 7, pad: 0 }),
    rows: lines,
    scale: finite.length === 0 ? null : [min, top],
  };
}
