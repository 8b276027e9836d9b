/** `steepest evaluate <run> <data>`: a trained model's measures on data that has the answers. */
import { evaluateSource } from "../../predict/evaluate.ts";
import { openTrained } from "../../predict/node-load-run.ts";
import { openSource } from "../../predict/node-source.ts";
import { SteepestError } from "../../run/errors.ts";
import type { Invocation } from "../command.ts";
import { reportEvaluation } from "../evaluate/report.ts";

type Flags = { readonly target?: string; readonly delimiter?: string };

export async function run({ args, options, terminal, json }: Invocation): Promise<undefined> {
  const { target, delimiter } = options as Flags;
  const [run, data, more] = args;
  if (run === undefined || data === undefined || more !== undefined) {
    throw new SteepestError("usage", `${args.length} arguments are given, and 2 are needed`, {
      help: "name a run and a file: steepest evaluate runs/houses-1 test.csv",
    });
  }
  const model = await openTrained(run);
  const evaluation = await evaluateSource(model, { ...(await openSource(data)), target, delimiter });
  if (json)
    terminal.print(JSON.stringify({ schema: "steepest.evaluate/1", run, step: model.step, ...evaluation }));
  else
    terminal.print(reportEvaluation(evaluation, { name: model.record.name, loss: model.record.loss.name }));
}
