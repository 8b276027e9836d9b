/** Not said by the lesson but relied on: the loss of a float32 sigmoid. */
import { lessonIllConditioned } from "../../data/sources/lesson.ts";
import { add, constant, matmul, sigmoid } from "../../engine/graph/index.ts";
import { sgd } from "../../optim/index.ts";
import { defineExperiment, type Experiment } from "../claim.ts";
import type { LessonContext } from "../context.ts";
import { firstProgram } from "../walkthrough.ts";
import { fixed, percent, share } from "../words.ts";

/** Loss at the start, and its slope along each weight. */
function firstStep(
  { backend }: LessonContext,
  options: { dtype: "float32" | "float64"; loss: "bce" | "bce-with-logits" },
): { loss: number; slopes: number[]; weights: Float64Array; bias: number } {
  const step = firstProgram({ backend, optimizer: sgd({ lr: 1 }), start: "sgd", ...options });
  const tensor = (part: string): Float64Array =>
    Float64Array.from(step.state.find((s) => s.name.endsWith(part))!.values);
  const [weights, bias] = [tensor("weight"), tensor("bias")[0]!];
  const { loss } = step.run(1, 1);
  // at rate 1 the step is the gradient
  return { loss, slopes: [...weights].map((w, i) => w - tensor("weight")[i]!), weights, bias };
}

export const experiment: Experiment = defineExperiment({
  claim: "nn.BCELoss()(torch.sigmoid(output), y) in float32 gives the loss and its gradient",
  claimed: "the printed losses",
  settings: { tolerance: 0.01 },
  run: async (context, { tolerance }) => {
    const written = firstStep(context, { dtype: "float32", loss: "bce" });
    const clamped = firstStep(context, { dtype: "float64", loss: "bce" });
    const exact = firstStep(context, { dtype: "float64", loss: "bce-with-logits" });
    const { features } = lessonIllConditioned();
    const x = constant(Float32Array.from(features.data), { shape: features.shape, dtype: "float32" });
    const w = constant(Float32Array.from(written.weights), { shape: [3, 1], dtype: "float32" });
    const program = context.backend.compile({
      inputs: [],
      state: [],
      outputs: [{ name: "p", value: sigmoid(add(matmul(x, w), written.bias)) }],
    });
    program.run();
    const saturated = share(program.view("p"), (p) => p === 0 || p === 1);
    const right = Math.abs(written.loss / exact.loss - 1) <= tolerance;
    return {
      summary: `${percent(saturated, 1)} of the sigmoids are exactly 0 or 1; the loss is printed as ${fixed(written.loss, 2)}`,
      measured: {
        final: written.loss,
        exact: exact.loss,
        clampedFloat64: clamped.loss,
        saturated,
        slope: written.slopes[1]!,
        exactSlope: exact.slopes[1]!,
      },
      verdict: right ? "holds" : "does-not-hold",
      condition: right
        ? null
        : `From logits the first loss is ${fixed(exact.loss, 3)} (clamped in float64 ${fixed(clamped.loss, 3)}), and its slope ` +
          `along the second weight ${fixed(exact.slopes[1]!, 2)} where this one has ${fixed(written.slopes[1]!, 2)}`,
    };
  },
});
