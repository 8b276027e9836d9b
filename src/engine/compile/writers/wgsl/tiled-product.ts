/**
 * Writes matrix products in tiles. A workgroup makes a tile of C; A and B pass through workgroup memory, a strip of the inner
 * axis at a time. Where there are too few tiles to fill a device, the inner axis is cut, and a second dispatch adds the parts
 * in their order.
 */
import type { MatmulKernel } from "../../kernels.ts";
import { entry, type KernelText, sizeText } from "./kernel-text.ts";
import { addParts, matrixWords, partWord, placesOf, type Sizes } from "./product-places.ts";
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

export function writeTiles(kernel: MatmulKernel, sizes: Sizes): KernelText[] {
  const { to } = kernel;
  const plan = chooseTile(sizes);
  const { lead, m, n, k } = sizes;
  const { tile, tilesDown, tilesAlong, parts, length } = plan;
  const { rows, columns, down, along } = tile;
  const threads = (rows / down) * (columns / along);
  const groups = lead * tilesDown * tilesAlong * parts;
  const perRow = columns / along;
  const block = [...Array(down).keys()].flatMap((r) => [...Array(along).keys()].map((c) => [r, c] as const));
  const { text: places, innermost } = placesOf(kernel);
  const body = `
  let part = group % ${sizeText(parts, "parts")}; let tile = group / ${sizeText(parts, "parts")};
  let column0 = tile % ${sizeText(tilesAlong, "along")} * ${columns}u; let row0 = tile / ${sizeText(tilesAlong, "along")} % ${sizeText(tilesDown, "down")} * ${rows}u;
  let lead = tile / ${sizeText(tilesAlong * tilesDown, "tiles")};
  let end = min((part + 1u) * ${sizeText(length, "length")}, ${sizeText(k, "k")});
  let my_row = local / ${perRow}u * ${down}u; let my_column = local % ${perRow}u * ${along}u;
${matrixWords(kernel)}
${block.map(([r, c]) => `  var c${r}_${c} = 0.0f;`).join("")}
  for (var k0 = part * ${sizeText(length, "length")}; k0 < end; k0 += ${STRIP}u) {
    for (var e = local; e < ${rows * STRIP}u; e += ${threads}u) {
      ${innermost.a ? `let r = e / ${STRIP}u; let t = e % ${STRIP}u;` : `let r = e % ${rows}u; let t = e / ${rows}u;`}
      var x = 0.0f;
      if (row0 + r < ${sizeText(m, "m")} && k0 + t < end) { x = ${load("float32", "start_a + a_row(row0 + r) + a_column(k0 + t)")}; }
      strip_a[t * ${rows + 1}u + r] = x;
    }
    for (var e = local; e < ${columns * STRIP}u; e += ${threads}u) {
      ${innermost.b ? `let c = e % ${columns}u; let t = e / ${columns}u;` : `let c = e / ${STRIP}u; let t = e % ${STRIP}u;`}
      var x = 0.0f;
      if (column0 + c < ${sizeText(n, "n")} && k0 + t < end) { x = ${load("float32", "start_b + b_row(k0 + t) + b_column(column0 + c)")}; }
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
  let c0 = ${partWord(to, parts)} + lead * ${sizeText(m * n, "matrix")} + row * ${sizeText(n, "n")} + column;
${block
  .map(([r, c]) => {
    const inside = `row + ${r}u < ${sizeText(m, "m")} && column + ${c}u < ${sizeText(n, "n")}`;
    return `  if (${inside}) { ${store("float32", `c0 + ${sizeText(r * n, `row${r}`)} + ${c}u`, `c${r}_${c}`)} }`;
  })
  .join("\n")}`;
  const text = `${places}var<workgroup> strip_a: array<f32, ${(rows + 1) * STRIP}>;
var<workgroup> strip_b: array<f32, ${(columns + 1) * STRIP}>;
${entry(threads, groups, body)}`;
  const uses = new Set<never>();
  if (parts === 1) return [{ text, groups, uses }];
  return [{ text, groups, uses, scratch: parts * to.count }, addParts(to, parts, { barriers: "cheap" })];
}
