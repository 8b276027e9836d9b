/** The statements that all ways of reducing share: what comes before a result's terms, what each term does, where results go. */
import type { LoopKernel } from "../../kernels.ts";
import type { LoopPlan } from "../../passes/loop-plan.ts";
import { type Accumulator, accumulator } from "./accumulator.ts";
import { streamWord, writeBody } from "./body.ts";
import type { FunctionName } from "./expression.ts";
import { SCRATCH, sizeText } from "./kernel-text.ts";
import { load, store } from "./types.ts";

/** Terms that one invocation adds up in a row: sums are kept at two levels, so that errors grow with the root of the length. */
export const RUN = 32;

export interface Parts {
  readonly accumulators: readonly Accumulator[];
  readonly starts: readonly string[];
  /** What is the same for all terms of a result. */
  readonly before: readonly string[];
  readonly flush: string;
  readonly uses: Set<FunctionName>;
  /** Statements of one element, whose reduced index is the i32 `index`. */
  readonly element: (index: string) => string[];
}

export function partsOf(kernel: LoopKernel, plan: LoopPlan): Parts {
  const uses = new Set<FunctionName>();
  const accumulators = plan.reductions.map((r, n) => accumulator(r.node, `r${n}`));
  const { before, lines, valueOf } = writeBody(kernel, plan, { uses, inner: plan.firstReduced });
  return {
    accumulators,
    starts: accumulators.map((a) => `  ${a.start}`),
    before,
    flush: accumulators
      .map((a) => a.flush)
      .join(" ")
      .trim(),
    uses,
    element: (index) => [
      ...lines,
      ...plan.reductions.map((r, n) => `  ${accumulators[n]!.add(valueOf(r.value), index)}`),
    ],
  };
}

/** The statements that write the results, which stand in `names`. */
export const storeResults = (plan: LoopPlan, accumulators: readonly Accumulator[]): string[] =>
  plan.reductions.map(
    ({ stream }, n) =>
      `  ${store(accumulators[n]!.results.at(-1)!.dtype, streamWord(stream), accumulators[n]!.results.at(-1)!.name)}`,
  );

/** Where partial result `n` of `of` lies: all of a result side by side, part by part. */
const partialWord = (parts: number, { n, of }: { readonly n: number; readonly of: number }): string =>
  `${SCRATCH} + ((result * ${sizeText(parts)} + part) * ${of}u + ${n}u)`;

const resultsOf = (accumulators: readonly Accumulator[]): Accumulator["results"] =>
  accumulators.flatMap((a) => a.results);

/** The statements that leave the results of `result`'s part `part` behind the program's buffers. */
export const leave = (accumulators: readonly Accumulator[], parts: number): string[] =>
  resultsOf(accumulators).map(
    ({ dtype, name }, n, { length }) => `  ${store(dtype, partialWord(parts, { n, of: length }), name)}`,
  );

/** The statements that take what was left of one part: results are running again. */
export function takeLeft(
  { reductions }: LoopPlan,
  accumulators: readonly Accumulator[],
  parts: number,
): string[] {
  const loads = resultsOf(accumulators).map(
    ({ dtype }, n, { length }) => `  let p${n} = ${load(dtype, partialWord(parts, { n, of: length }))};`,
  );
  let n = 0;
  const adds = reductions.map((_, r) => {
    const { results, add } = accumulators[r]!;
    const left = results.map(() => `p${n++}`);
    return `  ${add(left[0]!, left.at(-1)!)}`;
  });
  return [...loads, ...adds];
}

/** The words that all parts of all results take. */
export const scratchOf = (
  accumulators: readonly Accumulator[],
  { kept, parts }: { kept: number; parts: number },
): number => kept * parts * resultsOf(accumulators).length;

export const tidy = (lines: readonly string[]): string => lines.filter((l) => l.trim() !== "").join("\n");
