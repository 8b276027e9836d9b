/**
 * Writes matrix products for adapters in software, where invocations don't wait for each other: each makes a block of C.
 * What such an adapter spends is loads, each of which it makes for a few invocations at once and one by one, and little
 * else. With quads, the four invocations of one make the same rows of C and every fourth column: each loads another term of
 * A's rows and hands it round, while it takes B's row of the term that it holds.
 */
import type { MatmulKernel } from "../../kernels.ts";
import { entry, type KernelText, sizeText, type Traits } from "./kernel-text.ts";
import { addParts, matrixWords, partWord, placesOf, type Sizes } from "./product-places.ts";
import { load, store } from "./types.ts";

/** Rows of C in a block, and columns for each of the invocations that make it. */
interface Block {
  readonly rows: number;
  readonly columns: number;
}

/** Invocations that share a block: a quad or one. */
type Sharing = 4 | 1;

interface Plan {
  readonly block: Block;
  readonly sharing: Sharing;
  readonly blocksDown: number;
  readonly blocksAlong: number;
  /** Pieces of the inner axis, and terms in each. */
  readonly parts: number;
  readonly length: number;
}

/** Invocations of a workgroup, and workgroups worth having. */
const GROUP = 16;
const ENOUGH = 32;
/** Terms that a part of the inner axis has at least. */
const PART = 64;
/** Multiply-adds that take as long as a load. */
const LOAD = 40;
/** What compiling a load takes, in multiply-adds, spread over the thousand steps of a short training. */
const MAKING = 32_000;

/**
 * Few, so that products of other sizes share a pipeline. With more than 26 loads in a turn, its code leaves a processor's first
 * cache.
 */
const blocksOf: { readonly [S in Sharing]: readonly Block[] } = {
  4: [
    { rows: 10, columns: 4 },
    { rows: 4, columns: 2 },
    { rows: 2, columns: 1 },
  ],
  1: [
    { rows: 8, columns: 8 },
    { rows: 4, columns: 4 },
    { rows: 2, columns: 2 },
  ],
};

/** The block that takes the least time for all of C. */
function chooseBlock({ lead, m, n, k }: Sizes, sharing: Sharing): Block {
  const time = ({ rows, columns }: Block): number => {
    const loads = rows + sharing * columns;
    const turns = (lead * Math.ceil(m / rows) * Math.ceil(n / (columns * sharing)) * k) / sharing;
    return turns * (LOAD * loads + sharing * rows * columns) + MAKING * loads;
  };
  return blocksOf[sharing].reduce((best, b) => (time(b) < time(best) ? b : best));
}

function planBlocks(sizes: Sizes, sharing: Sharing): Plan {
  const { lead, m, n, k } = sizes;
  const block = chooseBlock(sizes, sharing);
  const [blocksDown, blocksAlong] = [Math.ceil(m / block.rows), Math.ceil(n / (block.columns * sharing))];
  const groups = Math.ceil((lead * blocksDown * blocksAlong * sharing) / GROUP);
  const wanted = Math.max(1, Math.min(Math.floor(ENOUGH / groups), Math.floor(k / PART)));
  const length = Math.ceil(k / wanted / 4) * 4;
  return { block, sharing, blocksDown, blocksAlong, parts: Math.ceil(k / length), length };
}

/** How a number comes from the invocation of the quad whose place differs by so many bits. */
const handed = ["", "quadSwapX", "quadSwapY", "quadSwapDiagonal"] as const;

const list = (count: number, f: (i: number) => string): string =>
  [...Array(count).keys()].map((i) => `  ${f(i)}`).join("\n");

/** The loop that takes `step` terms at a time, as long as there are so many. */
function terms({ rows, columns }: Block, step: Sharing): string {
  const held = step === 1 ? "0u" : "lane";
  return `  for (; t + ${step}u <= end; t += ${step}u) {
  let a_t = a_column(t + ${held});
${list(rows, (r) => `let x${r} = ${load("float32", `a${r} + a_t`)};`)}
${list(
  step,
  (s) => `{ let b_t = start_b + b_row(t + (${held} ^ ${s}u));
${list(columns, (c) => `let y${c} = ${load("float32", `b${c} + b_t`)};`)}
${list(rows, (r) => `{ let x = ${handed[s]}(x${r});${list(columns, (c) => `c${r}_${c} = fma(x, y${c}, c${r}_${c});`)} }`)} }`,
)}
  }`;
}

export function writeBlocks(kernel: MatmulKernel, sizes: Sizes, { quads, barriers }: Traits): KernelText[] {
  const { to } = kernel;
  const { lead, m, n, k } = sizes;
  const { block, sharing, blocksDown, blocksAlong, parts, length } = planBlocks(sizes, quads ? 4 : 1);
  const { rows, columns } = block;
  const blocks = lead * blocksDown * blocksAlong;
  const groups = Math.ceil((blocks * sharing) / GROUP) * parts;
  const every = (f: (r: number, c: number) => string): string =>
    list(rows, (r) => list(columns, (c) => f(r, c)));
  const body = `
  let part = group % ${sizeText(parts, "parts")}; let lane = local % ${sharing}u;
  let block = group / ${sizeText(parts, "parts")} * ${GROUP / sharing}u + local / ${sharing}u;
  let row = block / ${sizeText(blocksAlong, "along")} % ${sizeText(blocksDown, "down")} * ${rows}u;
  let column = block % ${sizeText(blocksAlong, "along")} * ${columns * sharing}u + lane;
  let lead = min(block / ${sizeText(blocksDown * blocksAlong, "blocks")}, ${sizeText(lead - 1, "last_lead")});
${matrixWords(kernel)}
${list(rows, (r) => `let a${r} = start_a + a_row(min(row + ${r}u, ${sizeText(m - 1, "last_row")}));`)}
${list(columns, (c) => `let b${c} = b_column(min(column + ${c * sharing}u, ${sizeText(n - 1, "last_column")}));`)}
${every((r, c) => `var c${r}_${c} = 0.0f;`)}
  let end = min((part + 1u) * ${sizeText(length, "length")}, ${sizeText(k, "k")});
  var t = part * ${sizeText(length, "length")};
${sharing === 4 ? `${terms(block, 4)}\n` : ""}${sharing === 4 && k % 4 === 0 ? "" : terms(block, 1)}
  let c0 = ${partWord(to, parts)} + lead * ${sizeText(m * n, "matrix")} + row * ${sizeText(n, "n")} + column;
  let rows = select(0u, ${sizeText(m, "m")} - row, block < ${sizeText(blocks, "all")});
${every(
  (r, c) =>
    `if (${r}u < rows && column + ${c * sharing}u < ${sizeText(n, "n")}) { ${store("float32", `c0 + ${sizeText(r * n, `row${r}`)} + ${c * sharing}u`, `c${r}_${c}`)} }`,
)}`;
  const text = `${placesOf(kernel).text}${entry(GROUP, groups, body)}`;
  const product = { text, groups, uses: new Set<never>(), subgroups: quads };
  if (parts === 1) return [product];
  return [{ ...product, scratch: parts * to.count }, addParts(to, parts, { barriers })];
}
