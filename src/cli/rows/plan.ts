import { ASSUMED_JITTER, devices } from "../../handoff/plan/devices.ts";
import type { CommandRow } from "../command.ts";
import { finite, oneOf, positive, whole } from "../flags.ts";

const deviceNames = devices.map((d) => d.name);

export const plan: CommandRow = {
  name: "plan",
  about: "memory, traffic and predicted scaling before machines are paid for",
  define: (c) => {
    c.argument("<run>", "a run file (JSON, YAML, TypeScript)")
      .option("--processes <list>", "process counts, separated by commas", "1,2,4,8,16,64,256,1024")
      .option("--batch <mode>", "grow: every process keeps the run's batch; keep: they share it", "grow")
      .option(
        "--gpu <name>",
        `estimate the step on ${deviceNames.join(", ")} from its kernels, instead of measuring here`,
        oneOf(deviceNames),
      )
      .option(
        "--precision <format>",
        "of products on that GPU: half (as the PyTorch project trains), tf32, float32",
        oneOf(["half", "tf32", "float32"]),
        "half",
      )
      .option(
        "--gpu-flops <number>",
        "another device's peak, such as 312e12, instead of measuring here",
        positive(),
      )
      .option(
        "--utilisation <share>",
        "share of that peak which training reaches",
        positive("share of the peak", { max: 1 }),
        0.4,
      )
      .option(
        "--bandwidth <bytes/s>",
        "of one process's link, such as 12.5e9 for 100 Gbit/s Ethernet",
        positive(),
      )
      .option("--latency <seconds>", "of one message, such as 20e-6", positive())
      .option("--per-machine <n>", "processes of one machine, which have a faster link", whole({ min: 2 }))
      .option("--machine-bandwidth <bytes/s>", "of that link; with --gpu its NVLink", positive())
      .option("--machine-latency <seconds>", "of one message there", positive(), 10e-6)
      .option(
        "--jitter <share>",
        `standard deviation of one process's time for a step, over its mean: all wait for the slowest (default: ${ASSUMED_JITTER})`,
        finite("share of the mean"),
      )
      .option("--shard", "share out parameters, gradients and optimizer state (FSDP)")
      .option(
        "--noise-scale <rows>",
        "the gradient noise scale, where known; else it is measured",
        positive(),
      )
      .option("--no-measure", "start no processes; the network must be given")
      .option("--python <path>", "the Python that has PyTorch")
      .option("--quiet", "no notes")
      .allowUnknownOption()
      .allowExcessArguments()
      .addHelpText(
        "after",
        [
          "",
          "What one and two real PyTorch processes do here is measured, and the model's prediction for two is",
          "checked against it; everything beyond is marked as predicted.",
          "",
          "  steepest plan run.json --processes 1,2,8,64,1024",
          "  steepest plan run.json --gpu a100 --per-machine 8 --bandwidth 3e9 --latency 20e-6 --shard",
          "  steepest plan run.json --gpu-flops 312e12 --bandwidth 25e9 --latency 10e-6",
        ].join("\n"),
      );
  },
  load: () => import("../commands/plan.ts"),
};
