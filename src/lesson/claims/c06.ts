import { defineExperiment, type Experiment } from "../claim.ts";
import { flippedMinimum, losses, secondProgram } from "../second-program.ts";
import { fixed, last, rises, show } from "../words.ts";

export const experiment: Experiment = defineExperiment({
  claim: "gradient descent at learning rate 0.5 is good: it converges smoothly",
  claimed: "good (converges smoothly)",
  settings: { lr: 0.5, epochs: 500 },
  run: async (context, { lr, epochs }) => {
    const written = secondProgram(context, "as-written");
    const curve = losses(written, epochs, lr);
    const later = last(losses(written, 10 * epochs, lr));
    const flipped = losses(secondProgram(context, "flipped"), epochs, lr);
    const minimum = flippedMinimum(context).loss;
    const final = last(curve);
    const gap = last(flipped) - minimum;
    const smooth = rises(curve) === 0 && final < curve[0]!;
    const converged = Math.abs(later / final - 1) < 0.01;
    return {
      summary: `${fixed(curve[0]!, 4)} to ${fixed(final, 4)}, ${rises(curve)} steps upwards, still falling: ${fixed(later, 4)} ten times later`,
      measured: {
        final,
        rises: rises(curve),
        later,
        flipped: last(flipped),
        flippedRises: rises(flipped),
        minimum,
        gap,
      },
      verdict: !smooth ? "does-not-hold" : converged ? "holds" : "holds-if",
      condition: converged
        ? null
        : `the loss has a minimum. On the lesson's separable labels it only goes on falling; with every tenth label flipped it ` +
          `ends at ${fixed(last(flipped), 5)}, ${show(gap, 1)} above the minimum, with ${rises(flipped)} steps upwards`,
    };
  },
});
