/** The largest curvature of a loss at a point. */
import { lanczos } from "../curvature/lanczos.ts";
import { lossProgram, objectiveOf } from "../curvature/objective.ts";
import { type Expr, input } from "../engine/graph/index.ts";
import type { Tensors } from "../optim/index.ts";
import type { LessonContext } from "./context.ts";
import type { DescentParts } from "./descent.ts";

export async function sharpness(
  { backend }: Pick<LessonContext, "backend">,
  loss: (at: Tensors) => Expr,
  at: DescentParts["start"],
): Promise<number> {
  const params: Tensors = Object.fromEntries(
    Object.entries(at).map(([name, { shape }]) => [name, input(name, shape, "float64") as Expr]),
  );
  const program = lossProgram({ params, loss: loss(params), backend });
  const point = Object.values(at).flatMap(({ values }) => Array.from(values));
  const { hessian } = objectiveOf(program, point, () => {});
  const { largest } = await lanczos(hessian, { edges: "largest", tolerance: 1e-10, maxIterations: 300 });
  return largest.value;
}
