import { Option } from "commander";
import type { CommandRow } from "../command.ts";
import { FORMAT_NAMES } from "../diagnose/format-names.ts";
import { receiverFlags } from "../diagnose/receiver-flags.ts";

export const diagnose: CommandRow = {
  name: "diagnose",
  about: "read training logs: verdict, findings and what to do",
  define: (c) => {
    c.argument(
      "[paths...]",
      "log files, folders, globs or named pipes, of any known format; - is standard input",
    )
      .option("--loss <column>", "the series that is the training loss")
      .option("--lr <column>", "the series that is the learning rate")
      .option("--step <column>", "the column that counts steps")
      .option("--explain", "say how each file was read, and what the verdict was chosen from")
      .option(
        "--baseline <path>",
        "a run known to be good: say where each run leaves it, and in what they differ",
      )
      .option("--strict", "exit with 1 when a finding is critical")
      .option("--watch", "follow growing files, named pipes or standard input; an alert within a second");
    receiverFlags(c, "with --watch: ")
      .option("--report <file>", "write a self-contained HTML page as well")
      .option("--plot <file>", "draw the curve with the findings: .svg or .png")
      .addOption(new Option("--format <name>", "print another report").choices(FORMAT_NAMES))
      .option("--ascii", "plain ASCII")
      .addHelpText(
        "after",
        [
          "",
          "Several runs of one task at different rates are compared with each other.",
          "",
          "The command of --on-alert finds the finding in its environment: STEEPEST_FINDING,",
          "STEEPEST_SEVERITY, STEEPEST_STEP, STEEPEST_RUN and STEEPEST_EVIDENCE (JSON).",
          "",
          "  --json=brief, or --format brief, prints a few hundred tokens of JSON for each run.",
          "",
          "  steepest diagnose runs/",
          "  python train.py | steepest diagnose - --watch",
          "  steepest diagnose runs/exp1 --watch --on-alert 'notify-send \"$STEEPEST_FINDING\"'",
        ].join("\n"),
      );
  },
  load: () => import("../commands/diagnose.ts"),
};
