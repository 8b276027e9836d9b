/** `steepest export <run> --to …`: a run for other programs. */
import { closest, SteepestError } from "../../run/errors.ts";
import type { Invocation } from "../command.ts";
import type { Export } from "../export/export.ts";
import { splitArguments } from "../run-arguments.ts";

type Flags = {
  readonly to: string;
  readonly out?: string;
  readonly quiet?: true;
  readonly probabilities?: true;
  readonly inputs?: "columns" | "matrix";
};

/** Loaded when it is asked for. */
const targets: Readonly<Record<string, () => Promise<(given: Export) => Promise<number>>>> = {
  torch: async () => (await import("../export/torch.ts")).exportTorch,
  onnx: async () => (await import("../export/onnx.ts")).exportToOnnx,
  safetensors: async () => (await import("../export/safetensors.ts")).exportSafetensors,
};

export async function run({ args, flags, options, terminal, json }: Invocation): Promise<number> {
  const { to, out, quiet = false, probabilities = false, inputs } = options as Flags;
  const [file, overrides] = splitArguments(args, flags);
  if (file === undefined) {
    throw new SteepestError("usage", "no run file is given", {
      help: "name one: steepest export run.json --to torch",
    });
  }
  const target = Object.hasOwn(targets, to) ? targets[to] : undefined;
  const names = Object.keys(targets);
  if (target === undefined) {
    const near = closest(to, names);
    throw new SteepestError("usage", `there is no export to "${to}"`, {
      help: near ? `did you mean --to ${near}?` : `choose --to ${names.join(", --to ")}`,
    });
  }
  const unused = [
    ...(probabilities && to !== "onnx" ? ["--probabilities"] : []),
    ...(inputs !== undefined && to !== "onnx" ? ["--inputs"] : []),
    ...(overrides.length > 0 && to !== "torch" ? [`--${overrides[0]!.at.join(".")}`] : []),
  ];
  if (unused.length > 0) {
    throw new SteepestError("usage", `--to ${to} has no ${unused.join(" and no ")}`, {
      help: "leave it out: a trained model is exported as it was trained",
    });
  }
  const write = await target();
  return write({ file, overrides, out, quiet, probabilities, inputs: inputs ?? "columns", terminal, json });
}
