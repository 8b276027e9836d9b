/** `steepest export <run> --to onnx`: a trained run as one file that ONNX Runtime and its like execute. */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { exportOnnx } from "../../handoff/onnx/onnx.ts";
import { classesOf } from "../../predict/interpret.ts";
import { guard } from "../../train/node-run-folder.ts";
import { table } from "../terminal.ts";
import type { Export } from "./export.ts";
import { countWeights, requireTrained, trainedWeights } from "./weights.ts";

/** Inputs beyond this number are counted, not listed. */
const MAX_LISTED = 12;

export async function exportToOnnx({
  file,
  out,
  probabilities,
  inputs,
  terminal,
  json,
}: Export): Promise<number> {
  const model = await requireTrained(file);
  const { record, layer } = model;
  const weights = trainedWeights(model);
  const written = exportOnnx({
    layer,
    record,
    weights,
    classes: classesOf(record),
    probabilities,
    matrix: inputs === "matrix",
  });
  const path = out ?? `${record.name}.onnx`;
  guard(path, () => writeFileSync(path, written.bytes));
  const { opset, bytes } = written;
  if (json) {
    terminal.print(
      JSON.stringify({
        schema: "steepest.export/1",
        to: "onnx",
        file: resolve(path),
        bytes: bytes.length,
        opset,
        inputs: written.inputs,
        outputs: written.outputs,
      }),
    );
    return 0;
  }
  const shown = ({ type, shape }: (typeof written.inputs)[number]): string => `${type} [${shape.join(", ")}]`;
  const listed = written.inputs.slice(0, MAX_LISTED);
  const more = written.inputs.length - listed.length;
  terminal.print(
    table([
      ...listed.map((port) => ["input", port.name, shown(port)]),
      ...(more > 0 ? [["", `and ${more} more`, ""]] : []),
      ...written.outputs.map((port) => ["output", port.name, shown(port)]),
    ]),
  );
  terminal.print(`\n${countWeights(weights)}, opset ${opset}, in ${path}`);
  return 0;
}
