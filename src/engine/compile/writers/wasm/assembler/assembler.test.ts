import { expect, test } from "vitest";
import { assemble, FunctionWriter } from "./assembler.ts";

const memory = { min: 1, max: 1, shared: false };

function instantiate(
  functions: { writer: FunctionWriter; name?: string }[],
): Record<string, (...args: number[]) => number> {
  const instance = new WebAssembly.Instance(
    new WebAssembly.Module(assemble({ imports: [], functions, memory })),
    {
      env: { memory: new WebAssembly.Memory({ initial: 1, maximum: 1 }) },
    },
  );
  return instance.exports as Record<string, (...args: number[]) => number>;
}

test("a counted loop adds 0 + 1 + … + n−1, and runs not at all for n = 0", () => {
  const f = new FunctionWriter(["i32"], ["i32"]);
  const [i, total] = [f.local("i32"), f.local("i32")];
  f.i32(0).set(i).i32(0).set(total);
  f.countUp(
    i,
    () => f.get(0),
    1,
    () => f.get(total).get(i).op("i32.add").set(total),
  );
  f.get(total);
  const { sum } = instantiate([{ writer: f, name: "sum" }]);
  expect(sum!(10)).toBe(45);
  expect(sum!(0)).toBe(0);
});

test("vectors are splat, stored, loaded, multiplied and extracted lane by lane", () => {
  const f = new FunctionWriter(["f32"], ["f32"]);
  f.i32(16).get(0).op("f32x4.splat").memory("v128.store");
  f.i32(0).memory("v128.load", 16).splat("f32x4", 2.5).op("f32x4.mul").lane("f32x4.extract_lane", 3);
  expect(instantiate([{ writer: f, name: "f" }]).f!(4)).toBe(10);
});

test("constants keep their bits: large, negative and 64-bit values", () => {
  for (const value of [0, -1, 63, 64, -64, -65, 2147483647, -2147483648]) {
    const f = new FunctionWriter([], ["i32"]);
    f.i32(value);
    expect(instantiate([{ writer: f, name: "f" }]).f!()).toBe(value);
  }
  const f = new FunctionWriter([], ["f64"]);
  f.i64(0x3ff8000000000000n).op("f64.reinterpret_i64");
  expect(instantiate([{ writer: f, name: "f" }]).f!()).toBe(1.5);
});
