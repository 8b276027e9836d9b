/** `find-lr --widths`: the best rate at several widths, under both parametrizations, and the coordinate check beside it. */
import { nodeHost } from "../../data/node-host.ts";
import { chooseBackend } from "../../engine/registry.ts";
import { isMup, type Widths, widened } from "../../nn/width.ts";
import type { Chart, LineSeries } from "../../plot/chart.ts";
import { SteepestError } from "../../run/errors.ts";
import { importFunction } from "../../run/node-run-file.ts";
import { showNumber } from "../../run/show-number.ts";
import type { ModelSpec, RunSpec } from "../../run/spec.ts";
import { buildRun } from "../../train/build.ts";
import { coordinateCheck } from "../../tune/find-lr/coordinates.ts";
import { judgeTransfer, type Transfer, type WidthRate } from "../../tune/find-lr/widths.ts";
import { type Terminal, table } from "../terminal.ts";
import { type SearchOptions, searchWithProgress } from "./search.ts";

/** The `steepest.widths/1` document. */
export interface WidthsDocument {
  readonly schema: "steepest.widths/1";
  readonly run: string;
  readonly optimizer: string;
  /** At this width both parametrizations are one. */
  readonly baseWidth: number;
  readonly rates: readonly WidthRate[];
  readonly transfer: Readonly<Record<WidthRate["parametrization"], Transfer>>;
}

/** The coordinate check's rate, in terms of the narrowest model's best. */
const CHECK_SHARE = 1 / 10;
const PARAMETRIZATIONS = ["standard", "mup"] as const;

/** Null when interrupted. Throws `usage` for a model without a width. */
export async function ratesByWidth(
  spec: RunSpec,
  factors: readonly number[],
  options: SearchOptions,
): Promise<WidthsDocument | null> {
  const { model } = spec;
  if (!hasWidth(model)) {
    throw new SteepestError("usage", "--widths needs a model of kind mlp or transformer", {
      help: "only their width is one number of the run file",
    });
  }
  const base = isMup(model) && model.baseWidth !== undefined ? model.baseWidth : widthOf(model);
  const modelAt = (parametrization: WidthRate["parametrization"], factor: number): Widths => {
    const { parametrization: _, baseWidth: __, ...plain } = widened(model, factor);
    return (parametrization === "mup" ? { ...plain, parametrization, baseWidth: base } : plain) as Widths;
  };
  const found: (Omit<WidthRate, "change"> & { readonly model: Widths })[] = [];
  for (const parametrization of PARAMETRIZATIONS) {
    for (const factor of [...factors].sort((a, b) => a - b)) {
      const at = modelAt(parametrization, factor);
      const width = widthOf(at);
      const same = width === base ? found.find((f) => f.width === base) : undefined;
      if (same === undefined && !options.quiet) options.terminal.note(`${parametrization}, width ${width}:`);
      const search = same ?? (await searchWithProgress({ ...spec, model: at as ModelSpec }, options))?.result;
      if (search === undefined) return null;
      const lr = "lr" in search ? search.lr : search.suggestion;
      found.push({ parametrization, width, lr, spread: search.spread, model: at });
    }
  }
  const narrowest = found.find((f) => f.lr !== null)?.lr ?? Number.NaN;
  const rates: WidthRate[] = [];
  for (const { model: at, ...rate } of found) {
    // at the best rate itself the first steps may fit the batch, whatever the width
    const change = await outputChange({ ...spec, model: at as ModelSpec }, narrowest * CHECK_SHARE);
    rates.push({ ...rate, change });
  }
  const of = (parametrization: string): Transfer =>
    judgeTransfer(rates.filter((r) => r.parametrization === parametrization));
  return {
    schema: "steepest.widths/1",
    run: spec.name,
    optimizer: spec.optimizer.name,
    baseWidth: base,
    rates,
    transfer: { standard: of("standard"), mup: of("mup") },
  };
}

const hasWidth = (model: ModelSpec): model is ModelSpec & Widths =>
  "kind" in model && (model.kind === "transformer" || (model.kind === "mlp" && model.hidden.length > 0));

const widthOf = (model: Widths): number => (model.kind === "mlp" ? model.hidden[0]! : model.width);

async function outputChange(spec: RunSpec, lr: number): Promise<number> {
  if (Number.isNaN(lr)) return lr;
  const run = await buildRun(
    { ...spec, optimizer: { ...spec.optimizer, lr } },
    { host: { ...nodeHost(), importFunction }, backend: await chooseBackend(spec.backend) },
  );
  return coordinateCheck(run).at(-1)!.change;
}

/** Best rates over the widths, and the coordinate check below. */
export function widthsChart({ run, optimizer, rates }: WidthsDocument): Chart {
  const series = (value: (r: WidthRate) => number | null): LineSeries[] =>
    PARAMETRIZATIONS.map((name) => {
      const own = rates.filter((r) => r.parametrization === name && Number.isFinite(value(r) ?? Number.NaN));
      return { name, x: own.map((r) => r.width), y: own.map((r) => value(r)!) };
    });
  const x = { label: "width", scale: "log" } as const;
  return {
    title: `${run}, ${optimizer}`,
    subtitle: "the best learning rate by width, and how far a few steps at one rate move the output",
    panels: [
      { kind: "lines", x, y: { label: "best learning rate", scale: "log" }, series: series((r) => r.lr) },
      {
        kind: "lines",
        x,
        y: { label: "change of the output", scale: "log" },
        series: series((r) => r.change),
      },
    ],
  };
}

export function reportWidths({ rates, transfer }: WidthsDocument, { print, colors }: Terminal): void {
  const shown = (n: number | null): string => (n === null ? "none" : showNumber(n));
  print(
    table([
      ["parametrization", "width", "best rate", "expected between", "change of the output"],
      ...rates.map((r) => [
        r.parametrization,
        String(r.width),
        shown(r.lr),
        r.spread === null ? "" : `${showNumber(r.spread[0])} and ${showNumber(r.spread[1])}`,
        shown(r.change),
      ]),
    ]),
  );
  for (const name of PARAMETRIZATIONS) print(`${colors.bold(name)}: ${transfer[name].text}`);
}
