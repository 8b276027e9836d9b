/** Writes a loop kernel without reductions: an invocation for each element; where stores add up, for each place. */
import type { LoopKernel, LoopStore } from "../../kernels.ts";
import { planLoop } from "../../passes/loop-plan.ts";
import { writeBody } from "./body.ts";
import type { FunctionName } from "./expression.ts";
import { digits, type KernelText, perElement, placeOf, type Traits } from "./kernel-text.ts";
import { writeReduction } from "./reduction.ts";
import { load, store } from "./types.ts";

export function writeLoop(kernel: LoopKernel, traits: Traits): KernelText[] {
  if (kernel.stores.some((s) => s.accumulate)) return writeAccumulation(kernel, traits);
  const plan = planLoop(kernel);
  if (plan.sizes.slice(0, plan.firstReduced).includes(0)) return [];
  if (kernel.reductions.length > 0) return writeReduction(kernel, plan, traits);
  const uses = new Set<FunctionName>();
  const count = plan.sizes.reduce((a, b) => a * b, 1);
  const { before, lines } = writeBody(kernel, plan, { uses, inner: 0 });
  const body = [digits("i", plan.sizes, (d) => `i${d}`), ...lines].join("\n");
  return [{ ...perElement(count, body, { ...traits, before: before.join("\n") }), uses }];
}

/**
 * Overlapping windows add up: each place looks for the elements that fall on it, in a fixed order. Some axes of the domain,
 * as the positions of windows, reach every place at most once; for each index of the others (`seen`) at most one element is
 * found, by taking the distance apart.
 */
function writeAccumulation(kernel: LoopKernel, traits: Traits): KernelText[] {
  const { domain, reductions, stores } = kernel;
  const [to] = stores as readonly [LoopStore];
  if (stores.length !== 1 || reductions.length > 0)
    throw new Error("internal: a loop that adds up does more than that");
  if (domain.includes(0)) return [];
  const { strides } = to.to.view;
  const once = injectiveAxes(domain, strides);
  const seen = [...domain.keys()].filter((a) => !once.includes(a));
  const uses = new Set<FunctionName>();
  const loads = new Map(
    [...kernel.loads].map(([e, operand]) => [
      e,
      { operand, strides: operand.view.strides.map((s) => s * 4), group: 0 },
    ]),
  );
  const { before, lines, valueOf } = writeBody(kernel, { loads, stores: [] }, { uses, inner: 0 });
  const { dtype } = to.value;
  const { offset } = to.to.view;
  const text = [
    `  let place = ${placeOf(to.to.buffer)} + i;`,
    `  var total = ${load(dtype, "place")};`,
    ...seen.map((a) => `  for (var i${a} = 0u; i${a} < ${domain[a]}u; i${a}++) {`),
    `  let start = ${[`${offset}u`, ...seen.map((a) => `i${a} * ${strides[a]}u`)].join(" + ")};`,
    "  if (i < start) { continue; }",
    "  var rest = i - start;",
    ...once.flatMap((a) => [
      `  let i${a} = rest / ${strides[a]}u; rest -= i${a} * ${strides[a]}u;`,
      `  if (i${a} >= ${domain[a]}u) { continue; }`,
    ]),
    "  if (rest != 0u) { continue; }",
    ...lines,
    `  total += ${valueOf(to.value)};`,
    "  }".repeat(seen.length),
    `  ${store(dtype, "place", "total")}`,
  ];
  const shape = { ...traits, before: before.join("\n") };
  return [{ ...perElement(to.to.buffer.count, text.join("\n"), shape), uses }];
}

/**
 * Axes, of widest stride first, whose indices follow from the distance: each stride is beyond all that the narrower ones
 * reach. Long axes are taken first.
 */
function injectiveAxes(domain: readonly number[], strides: readonly number[]): number[] {
  const byStride = (axes: readonly number[]): number[] => [...axes].sort((a, b) => strides[b]! - strides[a]!);
  const fits = (axes: readonly number[]): boolean => {
    let reach = 0;
    for (const a of byStride(axes).reverse()) {
      if (strides[a]! <= reach) return false;
      reach += strides[a]! * (domain[a]! - 1);
    }
    return true;
  };
  let chosen: number[] = [];
  for (const a of [...domain.keys()].sort((x, y) => domain[y]! - domain[x]!))
    if (domain[a]! > 1 && strides[a]! > 0 && fits([...chosen, a])) chosen = [...chosen, a];
  return byStride(chosen);
}
