import { assemble, FunctionWriter } from "../assembler/assembler.ts";
import { enableRelaxedSimd } from "./node-wasm-flags.ts";

let known: boolean | undefined;

/**
 * Whether this engine has relaxed SIMD's multiply-add and computes it with one rounding (the proposal allows two). Found
 * out once, by running it: (1 + 2⁻¹²)² − (1 + 2⁻¹¹) is 2⁻²⁴ with one rounding and 0 with two.
 */
export function detectFma(): boolean {
  known ??= probe();
  return known;
}

function probe(): boolean {
  const f = new FunctionWriter(["f32", "f32", "f32"], ["f32"]);
  for (const parameter of [0, 1, 2]) f.get(parameter).op("f32x4.splat");
  f.op("f32x4.relaxed_madd").lane("f32x4.extract_lane", 0);
  const bytes = assemble({
    imports: [],
    functions: [{ writer: f, name: "madd" }],
    memory: { min: 0, max: 1, shared: false },
  });
  if (!WebAssembly.validate(bytes)) {
    enableRelaxedSimd();
    if (!WebAssembly.validate(bytes)) return false;
  }
  const env = { memory: new WebAssembly.Memory({ initial: 0, maximum: 1 }) };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env });
  const madd = exports.madd as (a: number, b: number, c: number) => number;
  return madd(1 + 2 ** -12, 1 + 2 ** -12, -1 - 2 ** -11) === 2 ** -24 && madd(2, 3, 4) === 10;
}
