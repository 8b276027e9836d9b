/** Cases that share one program: where each program starts a compiler or is a submission, they cost a fraction of one a case. */
import type { Backend, ProgramSpec } from "../../src/engine/backend.ts";
import type { Case } from "./cases.ts";
import { difference, prepare } from "./harness.ts";

export interface Together {
  readonly spec: ProgramSpec;
  /** What goes in, by name. */
  readonly data: ReadonlyMap<string, ArrayLike<number>>;
  /** What is wrong about the outputs, a line each. */
  readonly wrong: (output: (name: string) => ArrayLike<number>) => string[];
}

export function together(cases: readonly Case[]): Together {
  const prepared = cases.map(({ given, build }, i) => prepare(given, build, `${i}.`));
  return {
    spec: {
      inputs: prepared.flatMap((p) => p.spec.inputs),
      state: [],
      outputs: prepared.flatMap((p) => p.spec.outputs),
    },
    data: new Map(prepared.flatMap((p) => [...p.data])),
    wrong: (output) =>
      prepared.flatMap(({ exprs, want }, i) => {
        const { given, options } = cases[i]!;
        const got = exprs.map((_, o) => output(`${i}.out${o}`));
        const wrong = difference(given, { got, want, exprs }, options);
        return wrong === null
          ? []
          : [`case ${i}, ${given.map((g) => `[${g.shape.join()}]`).join(" ")}: ${wrong}`];
      }),
  };
}

/** Fails unless every output of the cases' one program agrees with the interpreter. */
export function agreeTogether(backend: Backend, cases: readonly Case[]): void {
  const { spec, data, wrong } = together(cases);
  const program = backend.compile(spec);
  for (const [name, values] of data) program.view(name).set(values);
  program.run();
  const found = wrong((name) => Array.from(program.view(name)));
  if (found.length > 0) throw new Error(`${backend.name}: ${found.join("\n")}`);
}
