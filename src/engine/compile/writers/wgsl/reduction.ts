/**
 * Writes loops that reduce. Where there are enough results, an invocation makes one; else the invocations of a workgroup
 * share it, or several workgroups do, whose partial results a second dispatch joins. Where barriers are slow, invocations
 * leave partial results without waiting for each other. Which element is added when depends on sizes alone, so that numbers
 * have the same bits each time.
 */
import { sizeOf } from "../../../graph/shape.ts";
import type { LoopKernel } from "../../kernels.ts";
import type { LoopPlan } from "../../passes/loop-plan.ts";
import { digits, GROUP, type KernelText, perElement, sizeText, type Traits } from "./kernel-text.ts";
import { leave, partsOf, RUN, scratchOf, storeResults, takeLeft, tidy } from "./reduced.ts";
import { shared } from "./workgroup-reduction.ts";

/** Results from which each gets one invocation, and terms up to which it does anyway. */
const MANY = 16_384;
const FEW = 32;
/** Workgroups worth having. */
const ENOUGH = 64;
/** Terms that an invocation has at least, where several share a result. */
const TERMS = 8;
/** Results beside each other in memory that one workgroup makes, so that its loads are, too. */
const COLUMNS = 16;
const SMALL_GROUP = 64;
/** Invocations worth having in software. */
const WORTH_HAVING = 1024;

export function writeReduction(kernel: LoopKernel, plan: LoopPlan, traits: Traits): KernelText[] {
  const kept = sizeOf(plan.sizes.slice(0, plan.firstReduced));
  const terms = sizeOf(plan.sizes.slice(plan.firstReduced));
  if (terms <= FEW || (kept >= MANY && (plan.column || terms <= 4 * FEW)))
    return [serial(kernel, plan, { kept, traits })];
  if (traits.barriers === "slow") {
    const parts = Math.min(Math.floor(WORTH_HAVING / kept), Math.floor(terms / RUN));
    return parts <= 1
      ? [serial(kernel, plan, { kept, traits })]
      : apart(kernel, plan, { kept, terms, parts });
  }
  // an invocation has some terms at least: joining costs a barrier for each halving
  const max = Math.min(GROUP, 2 ** Math.floor(Math.log2(terms / TERMS)));
  const lanes = Math.min(max, plan.column ? GROUP / COLUMNS : GROUP);
  const across = Math.max(lanes > SMALL_GROUP ? 1 : SMALL_GROUP / lanes, plan.column ? COLUMNS : 1);
  const groups = Math.ceil(kept / across);
  const parts = Math.max(
    1,
    Math.min(Math.ceil(ENOUGH / groups), Math.floor(terms / (lanes * TERMS)), GROUP),
    groups === 1 ? Math.min(4 * GROUP, Math.ceil(terms / (lanes * RUN * 2))) : 1,
  );
  return shared(kernel, plan, { kept, terms, across, lanes, parts });
}

/** One invocation for each result. */
function serial(
  kernel: LoopKernel,
  plan: LoopPlan,
  { kept, traits }: { kept: number; traits: Traits },
): KernelText {
  const { sizes, firstReduced } = plan;
  const { accumulators, starts, before, flush, uses, element } = partsOf(kernel, plan);
  const inner = sizes.length - 1;
  const long = flush !== "" && sizes.length > firstReduced && sizes[inner]! > RUN;
  const index = sizes
    .slice(firstReduced)
    .map((_, d) => `i${d + firstReduced} * ${sizeText(sizeOf(sizes.slice(d + firstReduced + 1)))}`)
    .join(" + ");
  const body = [
    digits("i", sizes.slice(0, firstReduced), (d) => `i${d}`, sizeText),
    ...before,
    ...starts,
    ...sizes
      .slice(firstReduced)
      .map(
        (n, d) =>
          `  for (var i${d + firstReduced} = 0u; i${d + firstReduced} < ${sizeText(n)}; i${d + firstReduced}++) {`,
      ),
    ...element(`i32(${index || "0u"})`),
    long ? `  if (i${inner} % ${RUN}u == ${RUN - 1}u) { ${flush} }` : "",
    "  }".repeat(Math.min(1, sizes.length - firstReduced)),
    sizes.length > firstReduced ? `  ${flush}` : "",
    "  }".repeat(Math.max(0, sizes.length - firstReduced - 1)),
    sizes.length > firstReduced ? "" : `  ${flush}`,
    ...storeResults(plan, accumulators),
  ];
  return { ...perElement(kept, tidy(body), traits), uses };
}

/** Several invocations for each result, each of which leaves what it has; a second dispatch joins them in their order. */
function apart(
  kernel: LoopKernel,
  plan: LoopPlan,
  { kept, terms, parts }: { readonly kept: number; readonly terms: number; readonly parts: number },
): KernelText[] {
  const { sizes, firstReduced } = plan;
  const { accumulators, starts, before, flush, uses, element } = partsOf(kernel, plan);
  const slow = { barriers: "slow" } as const;
  const keptDigits = digits("result", sizes.slice(0, firstReduced), (d) => `i${d}`, sizeText);
  const first = [
    digits("i", [parts, kept], (d) => ["part", "result"][d]!, sizeText),
    keptDigits,
    ...before,
    ...starts,
    flush === "" ? "" : "  var run = 0u;",
    `  for (var t = part; t < ${sizeText(terms)}; t += ${sizeText(parts)}) {`,
    digits("t", sizes.slice(firstReduced), (d) => `i${d + firstReduced}`, sizeText),
    ...element("i32(t)"),
    flush === "" ? "" : `  run++; if (run == ${RUN}u) { run = 0u; ${flush} }`,
    "  }",
    `  ${flush}`,
    ...leave(accumulators, parts),
  ];
  const second = [
    "  let result = i;",
    ...starts,
    `  for (var part = 0u; part < ${sizeText(parts)}; part++) {`,
    ...takeLeft(plan, accumulators, parts),
    flush === "" ? "" : `  if (part % ${RUN}u == ${RUN - 1}u) { ${flush} }`,
    "  }",
    `  ${flush}`,
    keptDigits,
    ...storeResults(plan, accumulators),
  ];
  return [
    {
      ...perElement(kept * parts, tidy(first), slow),
      uses,
      scratch: scratchOf(accumulators, { kept, parts }),
    },
    { ...perElement(kept, tidy(second), slow), uses: new Set() },
  ];
}
