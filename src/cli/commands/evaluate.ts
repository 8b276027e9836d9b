/** `steepest evaluate <run> <data>`: a trained model's measures on data that has the answers. */
import { evaluateSource } from "../../predict/evaluate.ts";
import { openTrained } from "../../predict/node-load-run.ts";
import { openSource } from "../../predict/node-source.ts";
import { SteepestError } from "../../run/errors.ts";
import type { Invocation } from "../command.ts";
import { drawEvaluation, requirePicture } from "../evaluate/draw.ts";
import { reportEvaluation } from "../evaluate/report.ts";
import { requirePlotFile } from "../plot-path.ts";

type Flags = {
  readonly target?: string;
  readonly delimiter?: string;
  readonly encoding?: string;
  readonly plot?: string;
};

export async function run({ args, options, terminal, json }: Invocation): Promise<undefined> {
  const { target, delimiter, encoding, plot } = options as Flags;
  const [run, data, more] = args;
  if (run === undefined || data === undefined || more !== undefined) {
    throw new SteepestError("usage", `${args.length} arguments are given, and 2 are needed`, {
      help: "name a run and a file: steepest evaluate runs/houses-1 test.csv",
    });
  }
  if (plot !== undefined) requirePlotFile(plot);
  const model = await openTrained(run);
  const { record } = model;
  if (plot !== undefined) requirePicture(record);
  let numbers: { truth: ArrayLike<number>; predicted: ArrayLike<number> } | undefined;
  const evaluation = await evaluateSource(model, {
    ...(await openSource(data)),
    target,
    delimiter,
    encoding,
    onNumbers: (truth, predicted) => void (numbers = { truth, predicted }),
  });
  if (json)
    terminal.print(JSON.stringify({ schema: "steepest.evaluate/1", run, step: model.step, ...evaluation }));
  else terminal.print(reportEvaluation(evaluation, { name: record.name, loss: record.loss.name }));
  if (plot !== undefined) await drawEvaluation(evaluation, { record, numbers, path: plot });
}
