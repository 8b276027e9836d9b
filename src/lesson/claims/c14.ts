import { emaMomentum, sgd } from "../../optim/index.ts";
import { defineExperiment, type Experiment } from "../claim.ts";
import type { LessonContext } from "../context.ts";
import { stepsUntil } from "../descent.ts";
import { axisAligned, descentRate, heavyBall, spread } from "../quadratic.ts";
import { scenes, trajectoryPictures } from "../trajectories.ts";
import { show, times } from "../words.ts";

/** Steps of the paths in the figures. */
const SHOWN = 60;

/** Does it converge at this rate: is the loss after many steps below the first? */
function converges(context: LessonContext, form: "torch" | "ema", beta: number, lr: number): boolean {
  const optimizer = form === "torch" ? sgd({ lr, momentum: beta }) : emaMomentum({ lr, beta });
  const run = axisAligned(context, [1, 10], optimizer);
  const first = run.step().loss;
  let loss = first;
  for (let k = 0; k < 20_000 && loss < 1e100; k++) loss = run.step().loss;
  return loss < first;
}

export const experiment: Experiment = defineExperiment({
  claim: "momentum dampens oscillations in ravines and accelerates along gentle slopes",
  claimed: "dampens oscillations, accelerates progress",
  settings: { kappa: 1000, steeper: 10_000, share: 1e-6 },
  run: async (context, { kappa, steeper, share }) => {
    const race = async (condition: number): Promise<{ descent: number; momentum: number }> => {
      const axes = spread(condition);
      const goal = (share * axes.reduce((a, b) => a + b)) / 2;
      const steps = async (rate: { lr: number; momentum?: number }): Promise<number> => {
        const run = axisAligned(context, axes, sgd(rate));
        const pause = (): Promise<void> => context.pause(0.5);
        return (
          (await stepsUntil(run, (r) => r.loss <= goal, { maxSteps: 20 * condition, pause })) ?? Number.NaN
        );
      };
      return {
        descent: await steps({ lr: descentRate(1, condition) }),
        momentum: await steps(heavyBall(1, condition)),
      };
    };
    const [ravine, steep] = [await race(kappa), await race(steeper)];
    const limits = [0, 0.5, 0.9].flatMap((beta) =>
      (["torch", "ema"] as const).map((form) => {
        const limit = (2 * (1 + beta)) / (form === "ema" ? 1 - beta : 1) / 10;
        return {
          form,
          beta,
          limit,
          below: converges(context, form, beta, 0.99 * limit),
          above: converges(context, form, beta, 1.01 * limit),
        };
      }),
    );
    const asPredicted = limits.every((l) => l.below && !l.above);
    const final = ravine.descent / ravine.momentum;
    return {
      summary: `${show(ravine.descent, 9)} steps without, ${show(ravine.momentum, 9)} with (condition ${kappa}): ${times(final)}`,
      measured: { final, ravine, steep, limits, asPredicted },
      verdict: ravine.momentum < ravine.descent && steep.momentum < steep.descent ? "holds" : "does-not-hold",
      condition:
        `Condition ${show(steeper, 9)}: ${show(steep.descent, 9)} against ${show(steep.momentum, 9)}. The stability limits 2(1+β)/L, ` +
        `and 2(1+β)/((1−β)L) for the lesson's averaging form, ${asPredicted ? "held" : "did not hold"} at β = 0, 0.5 and 0.9 ` +
        `(0.99 of each converges, 1.01 diverges)`,
      figures: () =>
        Object.fromEntries(
          scenes.flatMap((scene) => {
            const { map, losses } = trajectoryPictures(context, scene, SHOWN);
            return [
              [`trajectories_${scene.surface}`, map],
              [`trajectories_${scene.surface}_loss`, losses],
            ];
          }),
        ),
    };
  },
});
