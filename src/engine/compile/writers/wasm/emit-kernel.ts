/** Writes the kernels that are not loops over elementwise work: products, fills, copies, rows by index. */
import { bytesOf } from "../../../graph/dtype.ts";
import type { Buffer, CopyKernel, FillKernel, RowsKernel } from "../../kernels.ts";
import { type AddressOf, bufferBytes } from "../../passes/memory.ts";
import type { Product } from "../../product.ts";
import { FunctionWriter, type Local } from "./assembler/assembler.ts";

/** Calls of the module's own product routine, in loops over the leading axes. */
export function emitMatmul(
  p: Product,
  { entry, scratch }: { entry: number; scratch: number },
): FunctionWriter {
  const f = new FunctionWriter();
  if (p.k === 0)
    return fillBytes(
      f,
      p.c.address,
      p.lead.reduce((t, l) => t * l.size, p.m * p.c.row),
      0,
    );
  const [a, b, c] = [f.local("i32"), f.local("i32"), f.local("i32")];
  f.i32(p.a.address).set(a).i32(p.b.address).set(b).i32(p.c.address).set(c);
  const move = (at: Local, bytes: number): void => {
    if (bytes !== 0) f.get(at).i32(bytes).op("i32.add").set(at);
  };
  const level = (d: number): void => {
    const l = p.lead[d];
    if (l === undefined) {
      f.get(a).i32(p.a.row).i32(p.a.col).get(b).i32(p.b.row).i32(p.b.col).get(c).i32(p.c.row);
      f.i32(p.m).i32(p.n).i32(p.k).i32(scratch).call(entry);
      return;
    }
    const i = f.local("i32");
    f.i32(0).set(i);
    f.countUp(i, () => f.i32(l.size), 1, () => {
      level(d + 1);
      move(a, l.a);
      move(b, l.b);
      move(c, l.c);
    }); // biome-ignore format: one loop
    move(a, -l.a * l.size);
    move(b, -l.b * l.size);
    move(c, -l.c * l.size);
  };
  level(0);
  return f;
}

/** Calls of imported functions, one per leading index. */
export function emitCalls(functions: readonly number[]): FunctionWriter {
  const f = new FunctionWriter();
  for (const index of functions) f.call(index);
  return f;
}

export function emitFill({ to, value }: FillKernel, addressOf: AddressOf): FunctionWriter {
  const f = new FunctionWriter();
  const bytes = bufferBytes(to);
  if (bytes === 0) return f;
  if (Object.is(value, 0)) return fillBytes(f, addressOf(to), bytes, 0);
  // one element, then doubled up to the whole
  const size = bytesOf[to.dtype];
  const at = addressOf(to);
  f.i32(at);
  if (to.dtype === "float32") f.f32(value).memory("f32.store");
  else if (to.dtype === "float64") f.f64(value).memory("f64.store");
  else f.i32(value).memory("i32.store");
  for (let done = size; done < bytes; ) {
    const more = Math.min(done, bytes - done);
    f.i32(at + done)
      .i32(at)
      .i32(more)
      .copy();
    done += more;
  }
  return f;
}

function fillBytes(f: FunctionWriter, address: number, bytes: number, value: number): FunctionWriter {
  return bytes === 0 ? f : f.i32(address).i32(value).i32(bytes).fill();
}

export function emitCopy({ from, to }: CopyKernel, addressOf: AddressOf): FunctionWriter {
  const f = new FunctionWriter();
  const bytes = bufferBytes(from);
  return bytes === 0 ? f : f.i32(addressOf(to)).i32(addressOf(from)).i32(bytes).copy();
}

/** Row by row: copied from the table, or added to it. Indices are clamped to the table. */
export function emitRows(kernel: RowsKernel, addressOf: AddressOf): FunctionWriter {
  const f = new FunctionWriter();
  const { indices, table, rows, tableRows, width } = kernel;
  if (indices.count === 0 || width === 0) return f;
  const size = bytesOf[table.dtype];
  const rowBytes = width * size;
  const [i, row, inTable] = [f.local("i32"), f.local("i32"), f.local("i32")];
  const [index, high] = [f.local("i32"), tableRows - 1];
  f.i32(0).set(i).i32(addressOf(rows)).set(row);
  f.countUp(i, () => f.i32(indices.count), 1, () => {
    f.get(i).i32(2).op("i32.shl").memory("i32.load", addressOf(indices)).set(index);
    f.i32(0).get(index).get(index).i32(0).op("i32.lt_s").op("select").set(index);
    f.i32(high).get(index).get(index).i32(high).op("i32.gt_s").op("select");
    f.i32(rowBytes).op("i32.mul").i32(addressOf(table)).op("i32.add").set(inTable);
    if (kernel.kind === "gather") f.get(row).get(inTable).i32(rowBytes).copy();
    else addRow(f, row, inTable, width, table.dtype);
    f.get(row).i32(rowBytes).op("i32.add").set(row);
  }); // biome-ignore format: one loop
  return f;
}

function addRow(f: FunctionWriter, from: Local, to: Local, width: number, dtype: Buffer["dtype"]): void {
  const size = bytesOf[dtype];
  const lanes = 16 / size;
  const [type, single] =
    dtype === "float32"
      ? (["f32x4", "f32"] as const)
      : dtype === "float64"
        ? (["f64x2", "f64"] as const)
        : (["i32x4", "i32"] as const);
  const j = f.local("i32");
  const at = (base: Local): FunctionWriter => f.get(base).get(j).op("i32.add");
  const vectors = Math.floor(width / lanes) * lanes;
  f.i32(0).set(j);
  f.countUp(j, () => f.i32(vectors * size), 16, () => {
    at(to);
    at(to).memory("v128.load");
    at(from).memory("v128.load").op(`${type}.add`).memory("v128.store");
  }); // biome-ignore format: one loop
  for (let rest = vectors; rest < width; rest++) {
    f.get(to)
      .get(to)
      .memory(`${single}.load`, rest * size);
    f.get(from)
      .memory(`${single}.load`, rest * size)
      .op(`${single}.add`)
      .memory(`${single}.store`, rest * size);
  }
  f.release("i32", j);
}
