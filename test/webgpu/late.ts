/** Runs cases on a backend that answers later: all of a list as one program, which is one submission. */
import type { Backend, ProgramSpec } from "../../src/engine/backend.ts";
import type { Case } from "../conformance/cases.ts";
import { difference, prepare } from "../conformance/harness.ts";

/** What is wrong, a line each. */
export async function disagreements(backend: Backend, cases: readonly Case[]): Promise<string[]> {
  const prepared = cases.map(({ given, build }, i) => prepare(given, build, `${i}.`));
  const spec: ProgramSpec = {
    inputs: prepared.flatMap((p) => p.spec.inputs),
    state: [],
    outputs: prepared.flatMap((p) => p.spec.outputs),
  };
  const program = backend.compile(spec, { late: true });
  if (program.device === undefined) throw new Error(`${backend.name} does not answer later`);
  for (const { data } of prepared) for (const [name, values] of data) program.view(name).set(values);
  program.run();
  const [results] = await program.device.results();
  program.device.release();
  return prepared.flatMap(({ exprs, want }, i) => {
    const got = exprs.map((_, o) => results![`${i}.out${o}`]!);
    const wrong = difference(cases[i]!.given, { got, want, exprs }, cases[i]!.options);
    return wrong === null
      ? []
      : [`case ${i}, ${cases[i]!.given.map((g) => `[${g.shape.join()}]`).join(" ")}: ${wrong}`];
  });
}
