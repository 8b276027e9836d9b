import { Option } from "commander";
import type { CommandRow } from "../command.ts";
import { receiverFlags } from "../diagnose/receiver-flags.ts";
import { STOP_ON } from "../program/stop-on.ts";

export const run: CommandRow = {
  name: "run",
  about: "run any training program under the doctor's watch",
  defineProgram: () => {},
  define: (c) => {
    c.usage("[options] -- <program> [arguments…]")
      .allowExcessArguments()
      .option("--log <paths...>", "read these files or folders instead of what the program prints")
      .option("--loss <column>", "the series that is the training loss")
      .option("--lr <column>", "the series that is the learning rate")
      .option("--step <column>", "the column that counts steps")
      .addOption(new Option("--stop-on <what>", "end the program when this is seen").choices(STOP_ON));
    receiverFlags(c)
      .option("--report <file>", "write a self-contained HTML page as well")
      .option("--plot <file>", "draw the curve with the findings: .svg or .png")
      .option("--ascii", "plain ASCII")
      .addHelpText(
        "after",
        [
          "",
          "The program's output passes through unchanged. Alerts and the diagnosis go to standard error.",
          "With --json the program's output goes to standard error, and the diagnosis to standard output.",
          "The exit code is the program's own; 1 when --stop-on has ended it.",
          "",
          "Ctrl-C goes to the program. A second one ends it and all that it has started.",
          "",
          "  steepest run -- python train.py --lr 3e-4",
          "  steepest run --stop-on non-finite --webhook https://ntfy.sh/my-topic -- python train.py",
          "  steepest run --log runs/exp1 -- torchrun --nproc-per-node 4 train.py",
        ].join("\n"),
      );
  },
  load: () => import("../commands/run.ts"),
};
