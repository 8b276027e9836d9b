/**
 * Writes loops that reduce. Where there are enough results, an invocation makes one; else the invocations of a workgroup
 * share it, or several workgroups do, whose partial results a second dispatch joins. Which element is added when depends on
 * sizes alone, so that numbers have the same bits each time.
 */
import type { DType } from "../../../graph/dtype.ts";
import { sizeOf } from "../../../graph/shape.ts";
import type { LoopKernel, Reduction } from "../../kernels.ts";
import type { LoopPlan } from "../../passes/loop-plan.ts";
import { streamWord, writeBody } from "./body.ts";
import type { FunctionName } from "./expression.ts";
import { digits, entry, GROUP, type KernelText, perElement, SCRATCH, sizeText } from "./kernel-text.ts";
import { literal, load, MEMORY, store, typeName } from "./types.ts";

/** Terms that one invocation adds up in a row: sums are kept at two levels, so that errors grow with the root of the length. */
const RUN = 32;
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

export function writeReduction(kernel: LoopKernel, plan: LoopPlan): KernelText[] {
  const kept = sizeOf(plan.sizes.slice(0, plan.firstReduced));
  const terms = sizeOf(plan.sizes.slice(plan.firstReduced));
  if (terms <= FEW || (kept >= MANY && (plan.column || terms <= 4 * FEW)))
    return [serial(kernel, plan, kept)];
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

/** A running result in WGSL statements. */
interface Accumulator {
  readonly start: string;
  readonly add: (value: string, index: string) => string;
  /** Ends a short run of a sum. */
  readonly flush: string;
  /** The result: of argmax the value and its index. */
  readonly results: readonly { readonly dtype: DType; readonly name: string }[];
}

const neutralOf = (node: Reduction): string => {
  const { dtype } = node.inputs[0]!;
  if (node.op === "reduceSum") return literal(dtype, 0);
  const low = node.op !== "reduceMin";
  if (dtype === "int32") return literal(dtype, low ? -2147483648 : 2147483647);
  return literal(dtype, low ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY);
};

function joined(node: Reduction, a: string, b: string): string {
  if (node.op === "reduceSum") return `${a} + ${b}`;
  const name = node.op === "reduceMax" ? "max" : "min";
  return `${name}${node.dtype === "float32" ? "_f" : ""}(${a}, ${b})`;
}

/** Whether (v, i) is better than (w, j): the larger value, NaN above all, the first of equals. */
const better = (
  dtype: DType,
  [v, i]: readonly [string, string],
  [w, j]: readonly [string, string],
): string =>
  dtype === "float32"
    ? `(is_nan(${v}) && (!is_nan(${w}) || ${i} < ${j})) || (!is_nan(${w}) && (${v} > ${w} || (${v} == ${w} && ${i} < ${j})))`
    : `${v} > ${w} || (${v} == ${w} && ${i} < ${j})`;

function accumulator(node: Reduction, name: string): Accumulator {
  const { dtype } = node.inputs[0]!;
  const type = typeName(dtype);
  if (node.op === "argmax")
    return {
      start: `var ${name}v: ${type} = ${neutralOf(node)}; var ${name}: i32 = 0;`,
      add: (value, index) =>
        `if (${better(dtype, [value, index], [`${name}v`, name])}) { ${name}v = ${value}; ${name} = ${index}; }`,
      flush: "",
      results: [
        { dtype, name: `${name}v` },
        { dtype: "int32", name },
      ],
    };
  const results = [{ dtype: node.dtype, name }];
  if (node.op === "reduceSum" && dtype === "float32")
    return {
      start: `var ${name}: f32 = 0.0f; var ${name}r: f32 = 0.0f;`,
      add: (value) => `${name}r += ${value};`,
      flush: `${name} += ${name}r; ${name}r = 0.0f;`,
      results,
    };
  return {
    start: `var ${name}: ${type} = ${neutralOf(node)};`,
    add: (value) => `${name} = ${joined(node, name, value)};`,
    flush: "",
    results,
  };
}

/** Joins a second partial result into the first one, statement by statement. */
function join(node: Reduction, a: readonly string[], b: readonly string[]): string {
  if (node.op !== "argmax") return `${a[0]} = ${joined(node, a[0]!, b[0]!)};`;
  const { dtype } = node.inputs[0]!;
  return `if (${better(dtype, [b[0]!, b[1]!], [a[0]!, a[1]!])}) { ${a[0]} = ${b[0]}; ${a[1]} = ${b[1]}; }`;
}

interface Parts {
  readonly accumulators: readonly Accumulator[];
  readonly starts: readonly string[];
  readonly flush: string;
  readonly uses: Set<FunctionName>;
  /** Statements of one element, whose reduced index is the i32 `index`. */
  readonly element: (index: string) => string[];
}

function partsOf(kernel: LoopKernel, plan: LoopPlan): Parts {
  const uses = new Set<FunctionName>();
  const accumulators = plan.reductions.map((r, n) => accumulator(r.node, `r${n}`));
  const { lines, valueOf } = writeBody(kernel, plan, uses);
  return {
    accumulators,
    starts: accumulators.map((a) => `  ${a.start}`),
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
const storeResults = (plan: LoopPlan, accumulators: readonly Accumulator[]): string[] =>
  plan.reductions.map(
    ({ stream }, n) =>
      `  ${store(accumulators[n]!.results.at(-1)!.dtype, streamWord(stream), accumulators[n]!.results.at(-1)!.name)}`,
  );

/** One invocation for each result. */
function serial(kernel: LoopKernel, plan: LoopPlan, kept: number): KernelText {
  const { sizes, firstReduced } = plan;
  const { accumulators, starts, flush, uses, element } = partsOf(kernel, plan);
  const inner = sizes.length - 1;
  const long = flush !== "" && sizes.length > firstReduced && sizes[inner]! > RUN;
  const index = sizes
    .slice(firstReduced)
    .map((_, d) => `i${d + firstReduced} * ${sizeText(sizeOf(sizes.slice(d + firstReduced + 1)))}`)
    .join(" + ");
  const body = [
    digits("i", sizes.slice(0, firstReduced), (d) => `i${d}`, sizeText),
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
  return { ...perElement(kept, body.filter((l) => l.trim() !== "").join("\n")), uses };
}

interface Share {
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
function shared(kernel: LoopKernel, plan: LoopPlan, share: Share): KernelText[] {
  const { kept, terms, across, lanes, parts } = share;
  const { sizes, firstReduced } = plan;
  const { accumulators, starts, flush, uses, element } = partsOf(kernel, plan);
  const length = Math.ceil(terms / parts);
  const long = flush !== "" && length / lanes > RUN;
  const keptDigits = digits("result", sizes.slice(0, firstReduced), (d) => `i${d}`, sizeText);
  const results = accumulators.flatMap((a) => a.results);
  const leave = results.map(
    (r, n) =>
      `${MEMORY}[${SCRATCH} + ((result * ${sizeText(parts)} + part) * ${results.length}u + ${n}u)] = bitcast<u32>(${r.name});`,
  );
  const groups = Math.ceil(kept / across) * parts;
  const body = [
    `  let part = group % ${sizeText(parts)}; let lane = local / ${across}u;`,
    `  let result = group / ${sizeText(parts)} * ${across}u + local % ${across}u;`,
    ...starts,
    `  if (result < ${sizeText(kept)}) {`,
    keptDigits,
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
    ...(parts === 1 ? [keptDigits, ...storeResults(plan, accumulators)] : leave.map((l) => `  ${l}`)),
    "  }",
  ];
  const text = `${sharedMemory(accumulators)}${entry(across * lanes, groups, tidy(body))}`;
  if (parts === 1) return [{ text, groups, uses }];
  const first = { text, groups, uses, scratch: kept * parts * results.length };
  return [first, joinParts(plan, accumulators, { kept, parts })];
}

/** The second dispatch: a workgroup for each result joins what the workgroups of the first have left. */
function joinParts(
  plan: LoopPlan,
  accumulators: readonly Accumulator[],
  { kept, parts }: Pick<Share, "kept" | "parts">,
): KernelText {
  const size = 64;
  const results = accumulators.flatMap((a) => a.results);
  const loaded = results.map(
    (r, n) =>
      `    let p${n} = ${load(r.dtype, `${SCRATCH} + ((group * ${sizeText(parts)} + t) * ${results.length}u + ${n}u)`)};`,
  );
  let n = 0;
  const joins = plan.reductions.map(({ node }, r) => {
    const names = accumulators[r]!.results.map((x) => x.name);
    return `    ${join(
      node,
      names,
      names.map(() => `p${n++}`),
    )}`;
  });
  const body = [
    "  let lane = local;",
    ...accumulators.map((a) => `  ${a.start}`),
    `  for (var t = lane; t < ${sizeText(parts)}; t += ${size}u) {`,
    ...loaded,
    ...joins,
    "  }",
    ...joinLanes(plan, accumulators, { across: 1, lanes: size }),
    "  if (lane == 0u) {",
    digits("group", plan.sizes.slice(0, plan.firstReduced), (d) => `i${d}`, sizeText),
    ...storeResults(plan, accumulators),
    "  }",
  ];
  return {
    text: `${sharedMemory(accumulators)}${entry(size, kept, tidy(body))}`,
    groups: kept,
    uses: new Set(),
  };
}

const tidy = (lines: readonly string[]): string => lines.filter((l) => l.trim() !== "").join("\n");
