/** A chart as data: what is drawn, without how. Builders in `charts/` make them, `renderSvg` and `sketch` show them. */
import type { Tone } from "./theme/index.ts";

/** One axis of a panel. */
export interface Axis {
  /** What is measured, with its unit: "learning rate", "time (s)". */
  readonly label: string;
  /** `auto`: logarithmic when all values are positive and span more than a factor of 30. Default linear. */
  readonly scale?: "linear" | "log" | "auto";
  /** A linear axis starts at zero. */
  readonly zero?: boolean;
  readonly domain?: readonly [number, number];
}

/** One line of a panel. */
export interface LineSeries {
  readonly name: string;
  readonly x: ArrayLike<number>;
  /** As long as `x`. Non-finite values are gaps and are marked. */
  readonly y: ArrayLike<number>;
  /** Weight of the debiased moving average, 0…1; the raw values stay as a ghost. Default 0: none. */
  readonly smooth?: number;
  /** Which colour, dash and marker: default its place in the panel. Equal slots in two panels look alike. */
  readonly slot?: number;
  /** Instead of the slot's: for a figure whose colours are given. Dash and marker stay. */
  readonly colour?: string;
  /** Default true: the last value stands beside the curve's end. */
  readonly endLabel?: boolean;
  /** Hold each value until the next instead of joining the two. */
  readonly steps?: boolean;
}

/** An upright line with a label: something that happened at one place of the x axis. */
export interface Rule {
  readonly x: number;
  readonly label: string;
  readonly tone?: Tone;
  /** A tick at the upper edge instead of a line: for what is worth mentioning only. */
  readonly tick?: boolean;
}

/** Raw values behind an average: thin and pale, without a name. */
export interface Ghost {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** Which colour. */
  readonly slot: number;
}

/** A stretch of x that is shaded. */
export interface Range {
  readonly from: number;
  readonly to: number;
  readonly label: string;
  readonly tone?: Tone;
}

/** A value worth a horizontal line: a stability limit, a target. */
export interface Level {
  readonly y: number;
  readonly label: string;
  readonly tone?: Tone;
}

/** One panel of lines over a common axis, with marks and shaded ranges. */
export interface LinePanel {
  readonly kind: "lines";
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly LineSeries[];
  readonly ghosts?: readonly Ghost[];
  readonly rules?: readonly Rule[];
  readonly ranges?: readonly Range[];
  readonly levels?: readonly Level[];
  /** Share of the height among the panels. Default 1. */
  readonly weight?: number;
}

/** A figure as data: `renderSvg` draws it, `sketch` writes it in characters. */
export interface Chart {
  readonly title: string;
  readonly subtitle?: string;
  /** Small print below. */
  readonly caption?: string;
  /** Drawn below each other over the same width. */
  readonly panels: readonly LinePanel[];
}
