/** Reductions whose results are made by the invocations of a workgroup, or of several, through workgroup memory. */
import type { LoopKernel } from "../../kernels.ts";
import type { LoopPlan } from "../../passes/loop-plan.ts";
import { type Accumulator, join } from "./accumulator.ts";
import { digits, entry, GROUP, type KernelText, sizeText } from "./kernel-text.ts";
import { leave, partsOf, RUN, scratchOf, storeResults, takeLeft, tidy } from "./reduced.ts";
import { typeName } from "./types.ts";

export interface Share {
  readonly kept: number;
  readonly terms: number;
  /** Results of a workgroup, and invocations for each. */
  readonly across: number;
  readonly lanes: number;
  /** Workgroups that share the same results. */
  readonly parts: number;
}

/** Statements that join the lanes' results in workgroup memory, down to lane 0's. All invocations run them. */
function joinLanes(
  plan: LoopPlan,
  accumulators: readonly Accumulator[],
  { across, lanes }: Pick<Share, "across" | "lanes">,
): string[] {
  return plan.reductions.flatMap(({ node }, n) => {
    const { results } = accumulators[n]!;
    const shared = results.map((r) => `part_${typeName(r.dtype)}${r === results[1] ? "_index" : ""}`);
    const at = (list: readonly string[], place: string): string[] => list.map((s) => `${s}[${place}]`);
    return [
      ...results.map((r, k) => `  ${shared[k]}[local] = ${r.name};`),
      "  workgroupBarrier();",
      `  for (var s = ${lanes / 2}u; s > 0u; s >>= 1u) {`,
      `    if (lane < s) { ${join(node, at(shared, "local"), at(shared, `local + s * ${across}u`))} }`,
      "    workgroupBarrier();",
      "  }",
      ...results.map((r, k) => `  ${r.name} = ${shared[k]}[local % ${across}u];`),
      "  workgroupBarrier();",
    ];
  });
}

const sharedMemory = (accumulators: readonly Accumulator[]): string => {
  const names = accumulators.flatMap(({ results }) =>
    results.map(
      (r, k) => [`part_${typeName(r.dtype)}${k === 1 ? "_index" : ""}`, typeName(r.dtype)] as const,
    ),
  );
  return [...new Map(names)]
    .map(([name, type]) => `var<workgroup> ${name}: array<${type}, ${GROUP}>;\n`)
    .join("");
};

/** A workgroup for `across` results, or several that leave partial results. */
export function shared(kernel: LoopKernel, plan: LoopPlan, share: Share): KernelText[] {
  const { kept, terms, across, lanes, parts } = share;
  const { sizes, firstReduced } = plan;
  const { accumulators, starts, before, flush, uses, element } = partsOf(kernel, plan);
  const length = Math.ceil(terms / parts);
  const long = flush !== "" && length / lanes > RUN;
  const keptDigits = digits("result", sizes.slice(0, firstReduced), (d) => `i${d}`, sizeText);
  const groups = Math.ceil(kept / across) * parts;
  const body = [
    `  let part = group % ${sizeText(parts)}; let lane = local / ${across}u;`,
    `  let result = group / ${sizeText(parts)} * ${across}u + local % ${across}u;`,
    ...starts,
    `  if (result < ${sizeText(kept)}) {`,
    keptDigits,
    ...before,
    `  let end = min((part + 1u) * ${sizeText(length)}, ${sizeText(terms)});`,
    long ? "  var run = 0u;" : "",
    `  for (var t = part * ${sizeText(length)} + lane; t < end; t += ${lanes}u) {`,
    digits("t", sizes.slice(firstReduced), (d) => `i${d + firstReduced}`, sizeText),
    ...element("i32(t)"),
    long ? `  run++; if (run == ${RUN}u) { run = 0u; ${flush} }` : "",
    "  }",
    `  ${flush}`,
    "  }",
    ...joinLanes(plan, accumulators, share),
    `  if (lane == 0u && result < ${sizeText(kept)}) {`,
    ...(parts === 1 ? [keptDigits, ...storeResults(plan, accumulators)] : leave(accumulators, parts)),
    "  }",
  ];
  const text = `${sharedMemory(accumulators)}${entry(across * lanes, groups, tidy(body))}`;
  if (parts === 1) return [{ text, groups, uses }];
  const first = { text, groups, uses, scratch: scratchOf(accumulators, { kept, parts }) };
  return [first, joinParts(plan, accumulators, { kept, parts })];
}

/** The second dispatch: a workgroup for each result joins what the workgroups of the first have left. */
function joinParts(
  plan: LoopPlan,
  accumulators: readonly Accumulator[],
  { kept, parts }: Pick<Share, "kept" | "parts">,
): KernelText {
  const size = 64;
  const body = [
    "  let lane = local; let result = group;",
    ...accumulators.map((a) => `  ${a.start}`),
    `  for (var part = lane; part < ${sizeText(parts)}; part += ${size}u) {`,
    ...takeLeft(plan, accumulators, parts),
    "  }",
    ...accumulators.map((a) => `  ${a.flush}`),
    ...joinLanes(plan, accumulators, { across: 1, lanes: size }),
    "  if (lane == 0u) {",
    digits("result", plan.sizes.slice(0, plan.firstReduced), (d) => `i${d}`, sizeText),
    ...storeResults(plan, accumulators),
    "  }",
  ];
  return {
    text: `${sharedMemory(accumulators)}${entry(size, kept, tidy(body))}`,
    groups: kept,
    uses: new Set(),
  };
}
