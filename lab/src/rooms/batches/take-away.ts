/** Your walk outside the page, on the points of the second figure's export. */
import { shortNumber } from "../../lib/fields.ts";
import { INTERCEPT, N, STEPS } from "./facts.ts";
import type { Walks } from "./measure.ts";
import type { Sampling } from "./problem.ts";

interface Asked {
  readonly batch: number;
  readonly lr: number;
  readonly sampling: Sampling;
  readonly x: number;
  readonly y: number;
  readonly seed: number;
}

/** What the code imports. */
export const usesOf = ({ sampling }: Asked): Record<string, string[]> => ({
  "fs/promises": ["readFile"],
  ...(sampling === "epochs" ? { "steepest/data": ["batchPlan"] } : { "steepest/random": ["stream"] }),
  "steepest/tune": ["noiseFloor"],
});

const orderOf = ({ sampling, batch, seed }: Asked): string =>
  sampling === "epochs"
    ? `const { rowsOf } = batchPlan({ n: ${N}, batchSize: ${batch}, seed: ${seed} });`
    : `const random = stream(${seed}, "batches");\nconst rowsOf = () => random.integers(${batch}, 0, ${N});`;

export const codeOf = (asked: Asked, seen: Walks | null): string =>
  `const lines = (await readFile("batches-line.csv", "utf8")).trim().split(/\\r?\\n/);
const points = lines.slice(1).map((line) => line.split(",").map(Number));
${orderOf(asked)}
const w = [${asked.x}, ${asked.y}];
const path = Array.from({ length: ${STEPS} }, (_, k) => {
  const slope = [0, 0];
  for (const i of rowsOf(k)) {
    const error = w[0] * points[i][0] + ${INTERCEPT} * w[1] - points[i][1];
    slope[0] += (error * points[i][0]) / ${asked.batch};
    slope[1] += (error * ${INTERCEPT}) / ${asked.batch};
  }
  slope.forEach((g, j) => (w[j] -= ${asked.lr} * g));
  return [...w];
});
const [low, high] = noiseFloor({ lr: ${asked.lr}, L: ${shortNumber(seen?.L ?? 1)}, trace: ${shortNumber(seen?.trace ?? 1)}, batchSize: ${asked.batch} })`;
