/** A trained run for exports that are made of its weights. */
import { statSync } from "node:fs";
import { openTrained } from "../../predict/node-load-run.ts";
import type { TrainedModel } from "../../predict/trained-model.ts";
import { SteepestError } from "../../run/errors.ts";
import { showWhole } from "../../run/show-number.ts";
import type { StoredTensor } from "../../train/safetensors.ts";
import { evaluationWeights } from "../../train/weights.ts";

/** The weights that the trained model is used with. */
export const trainedWeights = ({ layer, optimizer, state, record }: TrainedModel): StoredTensor[] =>
  evaluationWeights({ layer, optimizer, state, dtype: record.dtype });

/** Throws `usage` for a run file: it has no weights. */
export async function requireTrained(run: string): Promise<TrainedModel> {
  const trained =
    statSync(run, { throwIfNoEntry: false })?.isDirectory() === true || run.endsWith(".safetensors");
  if (trained) return openTrained(run);
  throw new SteepestError("usage", `${run} is not trained: it has no weights yet`, {
    help: "name a run folder, such as runs/digits-1",
  });
}

/** "3 tensors, 1,024 numbers" */
export function countWeights(tensors: readonly StoredTensor[]): string {
  const numbers = tensors.reduce((sum, { values }) => sum + values.length, 0);
  return `${tensors.length} tensors, ${showWhole(numbers)} numbers`;
}
