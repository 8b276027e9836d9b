/** Runs cases on a backend that answers later: all of a list as one program, which is one submission. */
import type { Backend } from "../../src/engine/backend.ts";
import type { Case } from "../conformance/cases.ts";
import { together } from "../conformance/together.ts";

/** What is wrong, a line each. */
export async function disagreements(backend: Backend, cases: readonly Case[]): Promise<string[]> {
  const { spec, data, wrong } = together(cases);
  const program = backend.compile(spec, { late: true });
  if (program.device === undefined) throw new Error(`${backend.name} does not answer later`);
  for (const [name, values] of data) program.view(name).set(values);
  program.run();
  const [results] = await program.device.results();
  program.device.release();
  return wrong((name) => results![name]!);
}
