import { Option } from "commander";
import type { CommandRow } from "../command.ts";

export const exportRun: CommandRow = {
  name: "export",
  about: "write a trained model as ONNX or safetensors, or a run as a PyTorch project",
  define: (c) => {
    c.argument("<run>", "a run file (JSON, YAML, TypeScript), or a run folder: then with its trained weights")
      .option(
        "--to <system>",
        "torch: model, data, weights, training loop, job files; onnx: a trained model, to be run; safetensors: its weights alone",
        "torch",
      )
      .option(
        "--out <path>",
        "torch: an empty or new folder; default <name>-torch. Others: default <name>.onnx, <name>.safetensors",
      )
      .option("--probabilities", "onnx: the class and its probabilities, in place of the model's own output")
      .addOption(
        new Option(
          "--inputs <how>",
          "onnx, tables: an input for each column (default), or one matrix of all features",
        ).choices(["columns", "matrix"]),
      )
      .option("--quiet", "no notes")
      .allowUnknownOption()
      .allowExcessArguments()
      .addHelpText(
        "after",
        [
          "",
          "Every setting of the run file is a flag too:",
          "  steepest export run.json --to torch --out project --dtype float64 --steps 500",
          "",
          "A trained model for ONNX Runtime and others; it takes new rows as they are, and any number of them:",
          "  steepest export runs/digits-1 --to onnx --probabilities",
          "",
          "A trained run's weights have the names of PyTorch's state dict; train --init takes them back:",
          "  steepest export runs/digits-1 --to safetensors",
          "",
          "The project needs PyTorch 1.13 or later and NumPy, and not steepest; its README has the commands for one",
          "process, several, and several machines. docs/handoff.md says what maps to what.",
        ].join("\n"),
      );
  },
  load: () => import("../commands/export.ts"),
};
