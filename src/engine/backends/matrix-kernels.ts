/** What compiled programs call back for: functions of whole matrices, computed by the host on the program's memory. */
import type { Backend, Executable } from "../backend.ts";
import type { Buffer, MatrixKernel } from "../compile/kernels.ts";
import type { TypedArray } from "../graph/dtype.ts";
import { input, matmul } from "../graph/index.ts";
import { type Multiply, multiply } from "../matrix/multiply.ts";

/** Multiply-adds from which a compiled product repays moving its matrices. */
const WORTH_COMPILING = 1 << 17;

/** Products of matrices by programs of a backend, one for each size, kept as long as the function is. */
export function compiledMultiply(compile: Backend["compile"]): Multiply {
  const programs = new Map<string, Executable>();
  const programOf = (m: number, k: number, n: number, transposeB: boolean): Executable => {
    const key = `${m} ${k} ${n} ${transposeB}`;
    const known = programs.get(key);
    if (known !== undefined) return known;
    const a = input("a", [m, k], "float64");
    const b = input("b", transposeB ? [n, k] : [k, n], "float64");
    const outputs = [{ name: "c", value: matmul(a, b, { transposeB }) }];
    const made = compile({ inputs: [a, b], state: [], outputs });
    programs.set(key, made);
    return made;
  };
  return (a, b, sizes) => {
    const { m, k, n, transposeB = false } = sizes;
    if (m * k * n < WORTH_COMPILING) return multiply(a, b, sizes);
    const program = programOf(m, k, n, transposeB);
    program.view("a").set(a);
    program.view("b").set(b);
    program.run();
    return new Float64Array(program.view("c"));
  };
}

/** A call that computes the kernel at its places in memory; inside, in float64. */
export function bindMatrix(
  { fn, when, otherwise, args, to, shape }: MatrixKernel,
  viewOf: (b: Buffer) => TypedArray,
  multiply: Multiply,
): () => void {
  const [condition, kept, out] = [viewOf(when), viewOf(otherwise), viewOf(to)];
  const given = args.map(viewOf);
  return () => {
    if (condition[0] !== 0) {
      const values = given.map((x) => new Float64Array(x));
      out.set(fn.compute(values, shape, multiply));
    } else if (to !== otherwise) out.set(kept);
  };
}
