/**
 * Threefry-2x32 with 20 rounds (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", table 2) in WGSL: the
 * same function as src/random, and the float32 maps to uniforms and normals of rules/scalar.ts.
 */
import { PARITY, ROTATIONS } from "../../../../random/threefry.ts";

const rounds = Array.from({ length: 20 }, (_, round) => {
  const r = ROTATIONS[round % 8]!;
  const mix = `x += y; y = ((y << ${r}u) | (y >> ${32 - r}u)) ^ x;`;
  if (round % 4 !== 3) return mix;
  const injection = (round + 1) / 4;
  return `${mix} x += k${injection % 3}; y += k${(injection + 1) % 3} + ${injection}u;`;
}).join("\n  ");

export const uniformText: string = `fn threefry(key0: i32, key1: i32, counter: i32) -> vec2<u32> {
  let k0 = bitcast<u32>(key0); let k1 = bitcast<u32>(key1); let k2 = k0 ^ k1 ^ ${PARITY}u;
  var x = bitcast<u32>(counter) + k0; var y = k1;
  ${rounds}
  return vec2<u32>(x, y);
}
fn unit(x: u32) -> f32 { return f32(x >> 8u) * 0x1p-24f; }
fn random_uniform(key0: i32, key1: i32, counter: i32) -> f32 { return unit(threefry(key0, key1, counter).x); }
`;

/** Needs `uniformText`, log and cos. */
export const normalText: string = `fn random_normal(key0: i32, key1: i32, counter: i32) -> f32 {
  let words = threefry(key0, key1, counter);
  return sqrt(log_f(unit(words.x) + 0x1p-24f) * -2.0f) * cos_f(unit(words.y) * ${Math.fround(2 * Math.PI)}f);
}
`;
