/**
 * Writes matrix products. A workgroup makes a tile of C; A and B pass through workgroup memory, a strip of the inner axis at
 * a time. Where there are too few tiles to fill a device, the inner axis is cut, and a second dispatch adds the parts in
 * their order.
 */
import { makeNode } from "../../../graph/expr.ts";
import { sizeOf } from "../../../graph/shape.ts";
import { contiguous, type View } from "../../../graph/strided.ts";
import type { LoopKernel, MatmulKernel, Operand } from "../../kernels.ts";
import { squeeze, squeezeView } from "../../nodes.ts";
import { digitsOf } from "../../passes/gather-products.ts";
import { type Costs, entry, type KernelText, perElement, placeOf, SCRATCH, sizeText } from "./kernel-text.ts";
import { writeLoop } from "./loop.ts";
import { load, store } from "./types.ts";

/** Rows and columns of C in a workgroup's tile, and of them in an invocation's block. */
interface Tile {
  readonly rows: number;
  readonly columns: number;
  readonly down: number;
  readonly along: number;
}
const tiles: readonly Tile[] = [
  { rows: 64, columns: 64, down: 4, along: 4 },
  { rows: 32, columns: 64, down: 4, along: 4 },
  { rows: 64, columns: 32, down: 4, along: 4 },
  { rows: 32, columns: 32, down: 2, along: 2 },
  { rows: 16, columns: 64, down: 2, along: 4 },
  { rows: 64, columns: 16, down: 4, along: 2 },
  { rows: 16, columns: 16, down: 1, along: 1 },
];
/** Terms of the inner axis in a strip. */
const STRIP = 16;
/** Workgroups that a device runs at once, roughly. */
const AT_ONCE = 64;
/** Terms that a part of the inner axis has at least, and parts at most. */
const PART = 128;
const PARTS = 32;

interface Sizes {
  readonly lead: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

export function writeProduct(kernel: MatmulKernel, { barriers }: Costs): KernelText[] {
  const { a, b, to } = kernel;
  const rank = a.view.shape.length;
  const [m, k] = a.view.shape.slice(-2) as [number, number];
  const sizes: Sizes = { lead: sizeOf(a.view.shape.slice(0, -2)), m, n: b.view.shape[rank - 1]!, k };
  if (to.count === 0) return [];
  if (k === 0) {
    const text = perElement(to.count, `  ${store(to.dtype, `${placeOf(to)} + i`, "0.0f")}`);
    return [{ ...text, uses: new Set() }];
  }
  if (Math.min(m, sizes.n) <= 2 && kernel.through === undefined) return writeLoop(asLoop(kernel, sizes));
  return barriers === "slow" ? [direct(kernel, sizes)] : tiled(kernel, sizes, chooseTile(sizes));
}

/** Rows and columns of C in an invocation's block, where nothing passes through workgroup memory. */
const BLOCK = 4;

/** Each invocation makes a block of C from A and B as they lie there. Beyond their edges it reads the last row or column. */
function direct(kernel: MatmulKernel, { lead, m, n, k }: Sizes): KernelText {
  const { to } = kernel;
  const [down, along] = [Math.min(BLOCK, m), Math.min(BLOCK, n)];
  const [blocksDown, blocksAlong] = [Math.ceil(m / down), Math.ceil(n / along)];
  const [a, b] = [placesOfA(kernel), placesOfB(kernel)];
  const list = (count: number, f: (i: number) => string): string =>
    [...Array(count).keys()].map((i) => `  ${f(i)}`).join("\n");
  const block = (f: (r: number, c: number) => string): string =>
    list(down, (r) => list(along, (c) => f(r, c)));
  const body = `
  let row = i / ${sizeText(blocksAlong, "along")} % ${sizeText(blocksDown, "down")} * ${down}u; let column = i % ${sizeText(blocksAlong, "along")} * ${along}u;
  let lead = i / ${sizeText(blocksAlong * blocksDown, "blocks")};
  let a0 = ${a.lead}; let b0 = ${b.lead};
${list(down, (r) => `let r${r} = min(row + ${r}u, ${sizeText(m - 1, "last_row")});`)}
${list(along, (c) => `let j${c} = min(column + ${c}u, ${sizeText(n - 1, "last_column")});`)}
${block((r, c) => `var c${r}_${c} = 0.0f;`)}
  for (var t = 0u; t < ${sizeText(k, "k")}; t++) {
${list(down, (r) => `let x${r} = ${load("float32", `a0 + ${a.at(`r${r}`, "t")}`)};`)}
${list(along, (c) => `let y${c} = ${load("float32", `b0 + ${b.at("t", `j${c}`)}`)};`)}
${block((r, c) => `c${r}_${c} = fma(x${r}, y${c}, c${r}_${c});`)}
  }
  let c0 = ${placeOf(to)} + lead * ${sizeText(m * n, "matrix")};
${block((r, c) =>
  store("float32", `c0 + r${r} * ${sizeText(n, "n")} + j${c}`, `c${r}_${c}`)
    .replace(/^/, `if (row + ${r}u < ${sizeText(m, "m")} && column + ${c}u < ${sizeText(n, "n")}) { `)
    .concat(" }"),
)}`;
  return { ...perElement(lead * blocksDown * blocksAlong, body), uses: new Set() };
}

/** A product with a vector is a sum like any other. */
function asLoop({ a, b, to }: MatmulKernel, { n }: Sizes): LoopKernel {
  const lead = a.view.shape.slice(0, -2);
  const [m, k] = a.view.shape.slice(-2) as [number, number];
  const shape = [...lead, m, n, k];
  const views =
    (strides: (o: Operand) => readonly number[]): ((o: Operand) => Operand) =>
    (o) => ({
      buffer: o.buffer,
      view: squeezeView({ shape, strides: strides(o), offset: o.view.offset }),
    });
  const strideOf = (o: Operand, fromEnd: number): number => o.view.strides.at(-fromEnd)!;
  const leads = (o: Operand): readonly number[] => o.view.strides.slice(0, -2);
  const x = makeNode("input", [], { name: "a" }, shape, to.dtype);
  const y = makeNode("input", [], { name: "b" }, shape, to.dtype);
  const product = makeNode("mul", [x, y], {}, shape, to.dtype);
  const domain = squeeze(shape);
  const axes = [shape.length - 1];
  const total = makeNode("reduceSum", [product], { axes }, shape.slice(0, -1), to.dtype);
  const place = views((o) => [...leads(o), strideOf(o, 2), 0, strideOf(o, 1)])(a);
  const loads = new Map([
    [x, place],
    [y, views((o) => [...leads(o), 0, strideOf(o, 1), strideOf(o, 2)])(b)],
  ]);
  if (k === 1) {
    const copy = { buffer: to, view: contiguous(domain) };
    return {
      kind: "loop", domain, reducedAxes: [], members: [product], loads, reductions: [],
      stores: [{ value: product, to: copy, accumulate: false }],
    }; // biome-ignore format: a record
  }
  return {
    kind: "loop", domain, reducedAxes: [domain.length - 1], members: [product], loads, stores: [],
    reductions: [{ node: total, value: product, to }],
  }; // biome-ignore format: a record
}

interface Plan {
  readonly tile: Tile;
  readonly tilesDown: number;
  readonly tilesAlong: number;
  /** Pieces of the inner axis, and terms in each. */
  readonly parts: number;
  readonly length: number;
}

/** The tile of least time: rounds of workgroups, times work, times what an invocation loads for each multiply-add. */
function chooseTile({ lead, m, n, k }: Sizes): Plan {
  const time = (t: Tile): number => {
    const groups = lead * Math.ceil(m / t.rows) * Math.ceil(n / t.columns);
    const parts = partsFor(groups, k);
    const rounds = Math.ceil((groups * parts) / AT_ONCE);
    return ((rounds * t.rows * t.columns) / parts) * (0.3 + (t.down + t.along) / (t.down * t.along));
  };
  const tile = tiles.reduce((best, t) => (time(t) < time(best) ? t : best));
  const [tilesDown, tilesAlong] = [Math.ceil(m / tile.rows), Math.ceil(n / tile.columns)];
  const parts = partsFor(lead * tilesDown * tilesAlong, k);
  const length = Math.ceil(k / parts / STRIP) * STRIP;
  return { tile, tilesDown, tilesAlong, parts: Math.ceil(k / length), length };
}

const partsFor = (groups: number, k: number): number =>
  Math.max(1, Math.min(Math.floor(AT_ONCE / groups), Math.floor(k / PART), PARTS));

function tiled(kernel: MatmulKernel, sizes: Sizes, plan: Plan): KernelText[] {
  const { to } = kernel;
  const { lead, m, n, k } = sizes;
  const { tile, tilesDown, tilesAlong, parts, length } = plan;
  const { rows, columns, down, along } = tile;
  const threads = (rows / down) * (columns / along);
  const groups = lead * tilesDown * tilesAlong * parts;
  const perRow = columns / along;
  const block = [...Array(down).keys()].flatMap((r) => [...Array(along).keys()].map((c) => [r, c] as const));
  const [a, b] = [placesOfA(kernel), placesOfB(kernel)];
  const result = parts === 1 ? placeOf(to) : `${SCRATCH} + part * ${sizeText(to.count, "count")}`;
  const body = `
  let part = group % ${sizeText(parts, "parts")}; let tile = group / ${sizeText(parts, "parts")};
  let column0 = tile % ${sizeText(tilesAlong, "along")} * ${columns}u; let row0 = tile / ${sizeText(tilesAlong, "along")} % ${sizeText(tilesDown, "down")} * ${rows}u;
  let lead = tile / ${sizeText(tilesAlong * tilesDown, "tiles")};
  let end = min((part + 1u) * ${sizeText(length, "length")}, ${sizeText(k, "k")});
  let my_row = local / ${perRow}u * ${down}u; let my_column = local % ${perRow}u * ${along}u;
  let a0 = ${a.lead}; let b0 = ${b.lead};
${block.map(([r, c]) => `  var c${r}_${c} = 0.0f;`).join("")}
  for (var k0 = part * ${sizeText(length, "length")}; k0 < end; k0 += ${STRIP}u) {
    for (var e = local; e < ${rows * STRIP}u; e += ${threads}u) {
      ${a.innermost ? `let r = e / ${STRIP}u; let t = e % ${STRIP}u;` : `let r = e % ${rows}u; let t = e / ${rows}u;`}
      var x = 0.0f;
      if (row0 + r < ${sizeText(m, "m")} && k0 + t < end) { x = ${load("float32", `a0 + ${a.at("(row0 + r)", "(k0 + t)")}`)}; }
      strip_a[t * ${rows + 1}u + r] = x;
    }
    for (var e = local; e < ${columns * STRIP}u; e += ${threads}u) {
      ${b.innermost ? `let c = e % ${columns}u; let t = e / ${columns}u;` : `let c = e / ${STRIP}u; let t = e % ${STRIP}u;`}
      var x = 0.0f;
      if (column0 + c < ${sizeText(n, "n")} && k0 + t < end) { x = ${load("float32", `b0 + ${b.at("(k0 + t)", "(column0 + c)")}`)}; }
      strip_b[t * ${columns + 1}u + c] = x;
    }
    workgroupBarrier();
    for (var t = 0u; t < ${STRIP}u; t++) {
      let at_a = t * ${rows + 1}u + my_row; let at_b = t * ${columns + 1}u + my_column;
${[...Array(down).keys()].map((r) => `      let x${r} = strip_a[at_a + ${r}u];`).join("")}
${[...Array(along).keys()].map((c) => `      let y${c} = strip_b[at_b + ${c}u];`).join("")}
${block.map(([r, c]) => `      c${r}_${c} = fma(x${r}, y${c}, c${r}_${c});`).join("\n")}
    }
    workgroupBarrier();
  }
  let row = row0 + my_row; let column = column0 + my_column;
  let c0 = ${result} + lead * ${sizeText(m * n, "matrix")} + row * ${sizeText(n, "n")} + column;
${block
  .map(([r, c]) => {
    const inside = `row + ${r}u < ${sizeText(m, "m")} && column + ${c}u < ${sizeText(n, "n")}`;
    return `  if (${inside}) { ${store("float32", `c0 + ${sizeText(r * n, `row${r}`)} + ${c}u`, `c${r}_${c}`)} }`;
  })
  .join("\n")}`;
  const text = `var<workgroup> strip_a: array<f32, ${(rows + 1) * STRIP}>;
var<workgroup> strip_b: array<f32, ${(columns + 1) * STRIP}>;
${entry(threads, groups, body)}`;
  const uses = new Set<never>();
  if (parts === 1) return [{ text, groups, uses }];
  const sum = [
    "  var total = 0.0f;",
    `  for (var part = 0u; part < ${sizeText(parts, "parts")}; part++) { total += ${load("float32", `${SCRATCH} + part * ${sizeText(to.count, "count")} + i`)}; }`,
    `  ${store("float32", `${placeOf(to)} + i`, "total")}`,
  ];
  return [
    { text, groups, uses, scratch: parts * to.count },
    { ...perElement(to.count, sum.join("\n")), uses },
  ];
}

interface Places {
  /** The word of the matrix of the leading index `lead`. */
  readonly lead: string;
  /** Words from there to an element. */
  readonly at: (row: string, column: string) => string;
  /** Whether the last axis is the one that moves by single words. */
  readonly innermost: boolean;
}

/** A stride of one word stays in the text: whether it is one decides how a strip is loaded. */
const times = (index: string, stride: number, role: string): string =>
  stride === 1 ? index : `${index} * ${sizeText(stride, role)}`;

/** Σ digit·stride of an index taken apart into digits of these sizes, the last one moving fastest. */
function spread(of: string, axes: readonly { readonly size: number; readonly stride: number }[]): string {
  let inner = 1;
  const terms: string[] = [];
  for (const { size, stride } of [...axes].reverse()) {
    const quotient = inner === 1 ? of : `${of} / ${sizeText(inner)}`;
    const digit = axes.length === 1 ? of : `${quotient} % ${sizeText(size)}`;
    if (stride !== 0 && size !== 1)
      terms.push(stride === 1 && axes.length === 1 ? digit : `${digit} * ${sizeText(stride)}`);
    inner *= size;
  }
  return terms.join(" + ") || "0u";
}

const axesOf = ({ shape, strides }: View): { size: number; stride: number }[] =>
  shape.map((size, d) => ({ size, stride: strides[d]! }));

function placesOfA({ a: { buffer, view } }: MatmulKernel): Places {
  const [row, column] = view.strides.slice(-2) as [number, number];
  return {
    lead: `${placeOf(buffer, view.offset)} + ${spread("lead", axesOf(view).slice(0, -2))}`,
    at: (i, j) => `${times(i, row, "a_row")} + ${times(j, column, "a_column")}`,
    innermost: column === 1,
  };
}

/** B may be stored nowhere, but be a view through another view: each of its axes then is some axes of that one. */
function placesOfB({ b: { buffer, view }, through }: MatmulKernel): Places {
  const axes = axesOf(view);
  const [row, column] = axes.slice(-2) as [(typeof axes)[0], (typeof axes)[0]];
  if (through === undefined)
    return {
      lead: `${placeOf(buffer, view.offset)} + ${spread("lead", axes.slice(0, -2))}`,
      at: (i, j) => `${times(i, row.stride, "b_row")} + ${times(j, column.stride, "b_column")}`,
      innermost: column.stride === 1,
    };
  const apart = ({ size, stride }: (typeof axes)[0]): typeof axes =>
    stride === 0 ? [] : digitsOf(through, size, stride);
  const leads = axes.slice(0, -2).map((l) => ({ size: l.size, stride: apart(l)[0]?.stride ?? 0 }));
  return {
    lead: `${placeOf(buffer, through.offset)} + ${spread("lead", leads)}`,
    at: (i, j) => `${spread(i, apart(row))} + ${spread(j, apart(column))}`,
    innermost: apart(column).at(-1)?.stride === 1,
  };
}
