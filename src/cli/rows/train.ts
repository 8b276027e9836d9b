import type { CommandRow } from "../command.ts";
import { hostAndPort, machines, oneOf, whole } from "../flags.ts";

export const train: CommandRow = {
  name: "train",
  about: "train a model from a run file",
  define: (c) => {
    c.argument("<run>", "a run file (JSON, YAML, TypeScript), or with --resume a run folder")
      .option("--out <folder>", "write into this folder instead of runs/<name>-<n>")
      .option(
        "--resume [folder]",
        "go on with a run from its last checkpoint; default: the newest of that name",
      )
      .option("--from <which>", "with --resume: the checkpoint to go on from, last or best; default last")
      .option("--force", "with --resume: go on with settings that differ from the checkpoint's")
      .option(
        "--init <file>",
        "start from these weights (safetensors with PyTorch's names), not from random ones",
      )
      .option(
        "--init-skip <names>",
        "with --init: tensors that start at random all the same, such as a new head",
      )
      .option("--quiet", "no progress; warnings are still given")
      .option("--strict", "exit with 1 when the diagnosis has a critical finding")
      .option("--no-plots", "write no loss.svg, loss.png and report.html")
      .option(
        "--threads <n>",
        "threads of native code; default STEEPEST_THREADS, all cores",
        whole({ min: 1, max: 1024 }),
      )
      .option("--engine <name>", "wasm, steepest's own, or torch: PyTorch's torchrun")
      .option("--nproc <n>", "torch: processes on this machine; default 1", whole({ min: 1 }))
      .option("--nnodes <n>", "torch: machines, or MIN:MAX", machines)
      .option("--rdzv-endpoint <host:port>", "torch: where several machines meet", hostAndPort)
      .option("--rdzv-id <id>", "torch: the name under which they meet")
      .option(
        "--max-restarts <n>",
        "torch: restarts from the last checkpoint when a process dies; default 3",
        whole({ min: 0 }),
      )
      .option("--python <path>", "torch: the Python that has PyTorch; default STEEPEST_PYTHON, python3")
      .option(
        "--device <name>",
        "torch: cpu or cuda; default a GPU where there is one",
        oneOf(["auto", "cpu", "cuda"], ["cpu", "cuda"]),
      )
      .option("--amp", "torch: forward and backward in 16 bits")
      .option("--shard", "torch: share out weights and optimizer state among the processes (PyTorch 2.6)")
      .option(
        "--checkpoint-activations",
        "torch: compute the insides of a transformer's blocks twice, to save memory",
      )
      .option("--tf32", "torch: float32 products in TF32 (Ampere and later)")
      .option("--compile", "torch: compile the model (PyTorch 2)")
      .option("--accumulate <n>", "torch: work through each batch in n pieces", whole({ min: 1 }))
      .allowUnknownOption()
      .allowExcessArguments()
      .addHelpText(
        "after",
        [
          "",
          "Every setting of the run file is a flag too:",
          "  steepest train run.json --optimizer.lr 0.1 --steps 500 --model.hidden 128,64",
          "",
          "Fine-tuning: other weights to start from, and what is not trained (docs/use.md):",
          "  steepest train run.json --init digits.safetensors --init-skip 4 --freeze '0,2'",
          "",
          "Beyond one process, on PyTorch (docs/handoff.md):",
          "  steepest train run.json --engine torch --nproc 4",
          "",
          "Ctrl-C finishes the step and writes a checkpoint; --resume goes on from it bit for bit.",
          "So does a closed terminal, even with nohup, which Node undoes: setsid or tmux keep a run going.",
        ].join("\n"),
      );
  },
  load: () => import("../commands/train.ts"),
};
