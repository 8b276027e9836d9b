/** `steepest export <run> --to safetensors`: a trained run's weights alone. */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { guard } from "../../train/node-run-folder.ts";
import { encodeSafeTensors } from "../../train/safetensors.ts";
import type { Export } from "./export.ts";
import { countWeights, requireTrained, trainedWeights } from "./weights.ts";

export async function exportSafetensors({ file, out, terminal, json }: Export): Promise<number> {
  const model = await requireTrained(file);
  const tensors = trainedWeights(model);
  const path = out ?? `${model.record.name}.safetensors`;
  // "pt" tells other readers that the names and layouts are PyTorch's
  const bytes = encodeSafeTensors(tensors, { format: "pt" });
  guard(path, () => writeFileSync(path, bytes));
  if (json) {
    const document = {
      schema: "steepest.export/1",
      to: "safetensors",
      file: resolve(path),
      bytes: bytes.length,
    };
    terminal.print(
      JSON.stringify({ ...document, tensors: tensors.map(({ name, shape }) => ({ name, shape })) }),
    );
  } else terminal.print(`${countWeights(tensors)}, in ${path}`);
  return 0;
}
