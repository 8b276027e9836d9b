import type { Chart } from "../../plot/chart.ts";
import { defineExperiment, type Experiment } from "../claim.ts";
import { flippedMinimum, losses, secondProgram, stableRate } from "../second-program.ts";
import { fixed, last, orNever, rises, show } from "../words.ts";

/** A loss has diverged when it passes this. */
const FAR = 10;
/** Epochs of the figure with squared loss. */
const SHOWN = 60;
/** The lesson's. */
const COLOURS = ["#ef4444", "#22c55e", "#94a3b8"];

export const experiment: Experiment = defineExperiment({
  claim: "gradient descent at learning rate 5.0 is too high: it diverges",
  claimed: "too high (diverges)",
  settings: { lr: 5, good: 0.5, low: 0.001, epochs: 500, high: 15, higher: 30 },
  run: async (context, { lr, good, low, epochs, high, higher }) => {
    const written = secondProgram(context, "as-written");
    const curve = losses(written, epochs, lr);
    const [final, goodFinal] = [last(curve), last(losses(written, epochs, good))];
    const farRises = rises(losses(written, epochs, 20 * lr));
    const limit = await stableRate(context, "as-written", new Float64Array(5));

    const flipped = secondProgram(context, "flipped");
    const flippedCurves = [high, higher].map((rate) => losses(flipped, epochs, rate));
    const flippedLimit = await stableRate(context, "flipped", flippedMinimum(context).weights);
    const settles = (rate: number): boolean => rises(losses(flipped, 3000, rate).slice(-100)) === 0;
    const [below, above] = [Math.floor(flippedLimit), Math.ceil(flippedLimit)];

    const squared = secondProgram(context, "squared");
    const curves = [lr, good, low].map((rate) => losses(squared, epochs, rate));
    const squaredLimit = await stableRate(context, "squared", new Float64Array(5));
    const firstBeyond = curves[0]!.findIndex((loss) => loss > FAR);
    const firstNonFinite = curves[0]!.findIndex((loss) => !Number.isFinite(loss));
    const squaredEnds = (rate: number): boolean => last(losses(squared, 5000, rate)) < 1;
    const margins = [Math.floor(squaredLimit * 100) / 100, Math.ceil(squaredLimit * 100) / 100] as const;
    const at = (k: number): number | null => (k < 0 ? null : k);

    const diverges = !(final <= FAR) || final > curve[0]!;
    return {
      summary: `${fixed(curve[0]!, 4)} to ${fixed(final, 4)}, ${rises(curve)} steps upwards: better than ${good} (${fixed(goodFinal, 4)})`,
      measured: {
        final,
        rises: rises(curve),
        good: goodFinal,
        risesAtTwentyTimesTheRate: farRises,
        limit,
        flipped: {
          high: last(flippedCurves[0]!),
          higher: last(flippedCurves[1]!),
          limit: flippedLimit,
          settlesBelow: settles(below),
          settlesAbove: settles(above),
        },
        squared: {
          beyondTenAtEpoch: at(firstBeyond),
          nonFiniteAtEpoch: at(firstNonFinite),
          good: last(curves[1]!),
          lowFirst: curves[2]![0]!,
          low: last(curves[2]!),
          limit: squaredLimit,
          margins,
          convergesBelow: squaredEnds(margins[0]),
          convergesAbove: squaredEnds(margins[1]),
        },
      },
      // another loss is another program than the one the sentence is about
      verdict: diverges ? "holds" : "does-not-hold",
      condition: diverges
        ? null
        : `On squared loss, with the same features, ${lr} passes ${FAR} at epoch ${orNever(at(firstBeyond))} and is no ` +
          `number from epoch ${orNever(at(firstNonFinite))} on, ${good} ends at ${show(last(curves[1]!), 1)}, ${low} at ` +
          `${fixed(last(curves[2]!), 3)}; the limit 2/L is ${show(squaredLimit, 6)}. The lesson's labels are separable: even ` +
          `${20 * lr} rises ${farRises} times. With every tenth label flipped the limit is ${show(flippedLimit, 5)}: ` +
          `${below} ${settles(below) ? "settles" : "does not settle"}, ${above} ${settles(above) ? "settles" : "does not"}, ${high} ends at ` +
          `${fixed(last(flippedCurves[0]!), 2)} and started at ${fixed(flippedCurves[0]![0]!, 2)}`,
      figures: () =>
        figuresOf({
          rates: [lr, good, low],
          written: [lr, good, low].map((rate) => Float64Array.from(losses(written, epochs, rate), cut)),
          squared: curves,
          squaredLimit,
        }),
    };
  },
});

const cut = (loss: number): number => Math.min(loss, FAR);

const names = ([high, good, low]: readonly number[]): string[] => [
  `LR=${fixed(high!, 1)} (too high)`,
  `LR=${good} (good)`,
  `LR=${low} (too low)`,
];

/** The lesson's figure, and the same three rates on the loss that it describes. */
function figuresOf({
  rates,
  written,
  squared,
  squaredLimit,
}: {
  readonly rates: readonly number[];
  readonly written: readonly Float64Array[];
  readonly squared: readonly Float64Array[];
  readonly squaredLimit: number;
}): Record<string, Chart> {
  const steps = Float64Array.from(squared[0]!, (_, k) => k);
  return {
    lr_effect: lessonFigure("Learning Rate Effect on Convergence", written, rates, steps),
    lr_effect_squared: {
      title: "Where the same three rates do what that figure says",
      subtitle: `squared loss on the same features: the limit 2/L is ${show(squaredLimit, 4)}`,
      caption: `The first ${SHOWN} epochs. ${rates[0]} goes on to infinity, ${rates[1]} to the minimum at 0.`,
      panels: [
        {
          kind: "lines",
          x: { label: "Epoch" },
          y: { label: "squared loss", scale: "log", domain: [1e-16, 1e16] },
          series: squared.map((y, i) => ({
            name: names(rates)[i]!,
            x: steps.slice(0, SHOWN),
            y: y.slice(0, SHOWN),
            colour: COLOURS[i]!,
            endLabel: i === 2,
          })),
        },
      ],
    },
  };
}

/** The lesson's lr_effect.png, with its colours, labels and limits. */
function lessonFigure(
  title: string,
  curves: readonly Float64Array[],
  rates: readonly number[],
  steps: Float64Array,
): Chart {
  return {
    title,
    panels: [
      {
        kind: "lines",
        x: { label: "Epoch" },
        y: { label: "BCE Loss", domain: [0, 2] },
        series: curves.map((y, i) => ({ name: names(rates)[i]!, x: steps, y, colour: COLOURS[i]! })),
      },
    ],
  };
}
