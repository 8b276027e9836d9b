/**
 * Threefry-2x32 with 20 rounds (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", table 2), the
 * same function as src/random, and the maps from its words to uniforms and normals of rules/scalar.ts.
 */
import { PARITY, ROTATIONS } from "../../../../random/threefry.ts";
import type { Node } from "../../../graph/expr.ts";
import type { Local } from "./assembler/assembler.ts";

import { f32x4Math, f64x2Math } from "./math/index.ts";
import type { OpContext } from "./op-context.ts";

export function emitRandom(n: Node<"random">, c: OpContext): void {
  const { f } = c;
  const vector = c.lanes > 1;
  const type = vector ? "v128" : "i32";
  const word = vector ? "i32x4" : "i32";
  const number = (value: number): void => void (vector ? f.splat("i32x4", value) : f.i32(value));
  const xor = vector ? "v128.xor" : "i32.xor";
  const keys: Local[] = [f.local(type), f.local(type), f.local(type)];
  const [x0, x1] = [f.local(type), f.local(type)];
  c.push(0);
  f.set(keys[0]!);
  c.push(1);
  f.set(keys[1]!);
  f.get(keys[0]!).get(keys[1]!).op(xor);
  number(PARITY);
  f.op(xor).set(keys[2]!);
  // the counter's words are (counter, 0), each with its key word added
  c.push(2);
  f.get(keys[0]!).op(`${word}.add`).set(x0).get(keys[1]!).set(x1);
  for (let round = 0; round < 20; round++) {
    const r = ROTATIONS[round % 8]!;
    f.get(x0).get(x1).op(`${word}.add`).set(x0);
    if (vector)
      f.get(x1)
        .i32(r)
        .op("i32x4.shl")
        .get(x1)
        .i32(32 - r)
        .op("i32x4.shr_u")
        .op("v128.or");
    else f.get(x1).i32(r).op("i32.rotl");
    f.get(x0).op(xor).set(x1);
    if (round % 4 === 3) {
      const injection = (round + 1) / 4;
      f.get(x0)
        .get(keys[injection % 3]!)
        .op(`${word}.add`)
        .set(x0);
      f.get(x1)
        .get(keys[(injection + 1) % 3]!)
        .op(`${word}.add`);
      number(injection);
      f.op(`${word}.add`).set(x1);
    }
  }
  f.release(type, ...keys);
  if (n.dtype === "float64") doublePrecision(n, c, x0, x1);
  else singlePrecision(n, c, x0, x1);
  f.release(type, x0, x1);
}

/** Word >>> 8 as a float in [0, 2²⁴), times 2⁻²⁴, plus `shift`. */
function unit(c: OpContext, x: Local, shift: number): void {
  const { f } = c;
  if (c.lanes > 1) {
    f.get(x)
      .i32(8)
      .op("i32x4.shr_u")
      .op("f32x4.convert_i32x4_s")
      .splat("f32x4", 2 ** -24)
      .op("f32x4.mul");
    if (shift !== 0) f.splat("f32x4", shift).op("f32x4.add");
  } else {
    f.get(x)
      .i32(8)
      .op("i32.shr_u")
      .op("f32.convert_i32_s")
      .f32(2 ** -24)
      .op("f32.mul");
    if (shift !== 0) f.f32(shift).op("f32.add");
  }
}

function singlePrecision(n: Node<"random">, c: OpContext, x0: Local, x1: Local): void {
  const { f } = c;
  const splat = (): void => void (c.lanes === 1 && f.op("f32x4.splat"));
  if (n.attrs.kind === "uniform") {
    unit(c, x0, 0);
    return;
  }
  unit(c, x0, 2 ** -24);
  splat();
  f32x4Math.log(c);
  f.splat("f32x4", -2).op("f32x4.mul").op("f32x4.sqrt");
  unit(c, x1, 0);
  splat();
  f.splat("f32x4", 2 * Math.PI).op("f32x4.mul");
  f32x4Math.cos(c);
  f.op("f32x4.mul");
  if (c.lanes === 1) f.lane("f32x4.extract_lane", 0);
}

/** Single elements only. */
function doublePrecision(n: Node<"random">, c: OpContext, x0: Local, x1: Local): void {
  const { f } = c;
  const high = (x: Local, drop: number, scale: number): void => {
    f.get(x).i32(drop).op("i32.shr_u").op("f64.convert_i32_u").f64(scale).op("f64.mul");
  };
  if (n.attrs.kind === "uniform") {
    high(x0, 5, 2 ** -27);
    high(x1, 6, 2 ** -53);
    f.op("f64.add");
    return;
  }
  high(x0, 8, 2 ** -24);
  f.f64(2 ** -24)
    .op("f64.add")
    .op("f64x2.splat");
  f64x2Math.log(c);
  f.splat("f64x2", -2).op("f64x2.mul").op("f64x2.sqrt").lane("f64x2.extract_lane", 0);
  high(x1, 8, 2 ** -24);
  f.f64(2 * Math.PI)
    .op("f64.mul")
    .op("f64x2.splat");
  f64x2Math.cos(c);
  f.lane("f64x2.extract_lane", 0).op("f64.mul");
}
