/** Colours, dash patterns and markers: every series differs by all three, so none is needed to tell two apart. */

/** `page` has variables for colours: the page says which side they take. */
export type ThemeName = "light" | "dark" | "page";
/** How grave a mark in a figure is. */
export type Tone = "info" | "warning" | "critical";

/** The colours of a figure. */
export interface Theme {
  readonly background: string;
  readonly ink: string;
  /** Text of second rank: ticks, subtitle, caption. At least 4.5:1 on the background. */
  readonly muted: string;
  readonly axis: string;
  readonly grid: string;
  readonly series: readonly string[];
  readonly tones: Readonly<Record<Tone, string>>;
  readonly shade: number;
  readonly ghost: number;
}

/**
 * Okabe and Ito's colour-blind-safe palette ("Color Universal Design", 2008). Where one of its colours has less
 * than 3:1 against the background (WCAG 2.2, 1.4.11) its lightness is moved and its hue kept; yellow stays dark-only.
 * The sixth colour is a violet of our own: beside the first, the palette's second blue cannot be told apart.
 */
const sides: Readonly<Record<"light" | "dark", Theme>> = {
  light: {
    background: "#ffffff",
    ink: "#1b1f24",
    muted: "#57606a",
    axis: "#8c959f",
    grid: "#e6e9ed",
    series: ["#0072B2", "#D55E00", "#009E73", "#B8578D", "#B87A00", "#7B4FB3", "#1b1f24"],
    tones: { info: "#57606a", warning: "#9A6200", critical: "#B3261E" },
    shade: 0.1,
    ghost: 0.3,
  },
  dark: {
    background: "#14181d",
    ink: "#e8ebef",
    muted: "#a3adb8",
    axis: "#6e7884",
    grid: "#2a3038",
    series: ["#56B4E9", "#E69F00", "#14B98A", "#CC79A7", "#F0E442", "#A48CF0", "#e8ebef"],
    tones: { info: "#a3adb8", warning: "#E69F00", critical: "#FF7A70" },
    shade: 0.13,
    ghost: 0.36,
  },
};

/** Every colour with the name of its CSS variable. */
function named({
  series,
  tones,
  background,
  ink,
  muted,
  axis,
  grid,
}: Theme): [name: string, colour: string][] {
  return [
    ...Object.entries({ background, ink, muted, axis, grid, ...tones }),
    ...series.map((c, i): [string, string] => [`series-${i}`, c]),
  ].map(([name, colour]) => [`--plot-${name}`, colour]);
}

const variable = (name: string): string => `var(--plot-${name})`;

/** The colours for a light and a dark ground, and as CSS variables that a page sets. */
export const themes: Readonly<Record<ThemeName, Theme>> = {
  ...sides,
  page: {
    ...sides.light,
    background: variable("background"),
    ink: variable("ink"),
    muted: variable("muted"),
    axis: variable("axis"),
    grid: variable("grid"),
    series: sides.light.series.map((_, i) => variable(`series-${i}`)),
    tones: { info: variable("info"), warning: variable("warning"), critical: variable("critical") },
  },
};

/** CSS declarations of the `page` theme's variables, for a rule of the page's style sheet. */
export const pageColours = (side: "light" | "dark"): string =>
  named(sides[side])
    .map(([name, colour]) => `${name}:${colour}`)
    .join(";");

/** Stroke dashes in units of the stroke's width (2 px). */
const dashes: readonly (string | null)[] = [null, "8 4", "2 4", "10 4 2 4", "14 4", "5 2 2 2 2 2"];
const markers = ["circle", "square", "triangle", "diamond2", "star", "wye"] as const;
/** Shapes of the points of a series, named as d3 names its symbols. */
export type Marker = (typeof markers)[number];

/** The font of figures; what text is measured by when there is no browser. */
export const FONT = "'DejaVu Sans', Verdana, Geneva, sans-serif";

/** How the series in a slot looks. */
export const markerOf = (slot: number): Marker => markers[slot % markers.length]!;
/** The dashes of the series in a slot, as SVG's `stroke-dasharray`; null for a whole line. */
export const dashOf = (slot: number): string | null => dashes[slot % dashes.length]!;
/** The colour of the series in a slot. */
export const colourOf = (theme: Theme, slot: number): string => theme.series[slot % theme.series.length]!;
/** A colour of its own, or the slot's. */
export const strokeOf = (
  theme: Theme,
  { slot, colour }: { readonly slot: number; readonly colour?: string },
): string => colour ?? colourOf(theme, slot);
/** The shape of the series in a slot as an SVG path about (0, 0), some 8 px large. */
export const markerPath = (slot: number): string => MARKER_PATHS[markerOf(slot)];

/** d3's symbols at about the size they have in the panel. */
const MARKER_PATHS: Readonly<Record<Marker, string>> = {
  circle: "M3.6,0A3.6,3.6,0,1,1,-3.6,0A3.6,3.6,0,1,1,3.6,0Z",
  square: "M-3.2,-3.2h6.4v6.4h-6.4Z",
  triangle: "M0,-4.6L4,2.4H-4Z",
  diamond2: "M0,-4.4L4.4,0L0,4.4L-4.4,0Z",
  star: "M0,-5L1.2,-1.6L4.8,-1.5L1.9,0.6L2.9,4L0,2L-2.9,4L-1.9,0.6L-4.8,-1.5L-1.2,-1.6Z",
  wye: "M1.3,0.8V4.2H-1.3V0.8L-4.3,-1L-3,-3.2L0,-1.5L3,-3.2L4.3,-1Z",
};
