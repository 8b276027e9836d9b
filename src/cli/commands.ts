/** The table of commands. A command's code is loaded when it runs, so that start-up stays quick. */
import type { Command } from "commander";
import type { Terminal } from "./terminal.ts";

export interface Invocation {
  /** What is left of the command line: positional arguments and unknown flags, in order. */
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly terminal: Terminal;
  /** Print one JSON document on standard output and nothing else there. */
  readonly json: boolean;
}

/** Returns the exit code; 0 when it returns nothing. */
export type Run = (invocation: Invocation) => Promise<number | undefined>;

export interface CommandRow {
  readonly name: string;
  readonly summary: string;
  /** Arguments, options and examples. */
  readonly define: (command: Command) => void;
  readonly load: () => Promise<{ readonly run: Run }>;
}

export const commands: readonly CommandRow[] = [
  {
    name: "train",
    summary: "train a model from a run file",
    define: (c) => {
      c.argument("<run>", "a run file (JSON, YAML, TypeScript), or with --resume a run folder")
        .option("--out <folder>", "write into this folder instead of runs/<name>-<n>")
        .option(
          "--resume [folder]",
          "go on with a run from its last checkpoint; default: the newest of that name",
        )
        .option("--quiet", "no progress")
        .allowUnknownOption()
        .allowExcessArguments()
        .addHelpText(
          "after",
          [
            "",
            "Every setting of the run file is a flag too:",
            "  steepest train run.json --optimizer.lr 0.1 --steps 500 --model.hidden 128,64",
            "",
            "Ctrl-C finishes the step and writes a checkpoint; --resume goes on from it bit for bit.",
          ].join("\n"),
        );
    },
    load: () => import("./commands/train.ts"),
  },
  {
    name: "diagnose",
    summary: "read training logs: verdict, findings and what to do",
    define: (c) => {
      c.argument("[paths...]", "log files, folders or globs of any known format; - is standard input")
        .option("--loss <column>", "the series that is the training loss")
        .option("--lr <column>", "the series that is the learning rate")
        .option("--step <column>", "the column that counts steps")
        .option("--strict", "exit with 1 when a finding is critical")
        .option("--watch", "follow growing files or standard input; an alert within a second")
        .option("--on-alert <command>", "with --watch: run this for every warning or critical alert")
        .option("--report <file>", "write a self-contained HTML page as well")
        .option("--plot <file>", "draw the curve with the findings: .svg or .png")
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
            "  steepest diagnose runs/",
            "  python train.py | steepest diagnose - --watch",
            "  steepest diagnose runs/exp1 --watch --on-alert 'notify-send \"$STEEPEST_FINDING\"'",
          ].join("\n"),
        );
    },
    load: () => import("./commands/diagnose.ts"),
  },
  {
    name: "schedule",
    summary: "print a learning-rate schedule",
    define: (c) => {
      c.argument("<name>", "a schedule; `steepest schedules` lists them")
        .option("--lr <number>", "base learning rate", "0.1")
        .option("--steps <number>", "steps of the run", "100")
        .option("--steps-per-epoch <number>", "for schedules that count epochs")
        .option("--every <number>", "print every n-th step; default: about 20 lines")
        .option("--plot [file]", "draw it: into an .svg or .png file, or here in the terminal")
        .allowUnknownOption()
        .allowExcessArguments()
        .addHelpText(
          "after",
          "\nOptions of the schedule are flags: steepest schedule warmup-cosine --warmupSteps 10",
        );
    },
    load: () => import("./commands/schedule.ts"),
  },
  {
    name: "schedules",
    summary: "list the schedules, or explain one",
    define: (c) => {
      c.argument(
        "[name]",
        "explain this one, by its name here or elsewhere: its formula, options and ranges",
      );
    },
    load: () => import("./commands/schedules.ts"),
  },
  {
    name: "optimizers",
    summary: "list the optimizers, or explain one",
    define: (c) => {
      c.argument("[name]", "explain this one: its options, ranges and paper");
    },
    load: () => import("./commands/optimizers.ts"),
  },
  {
    name: "lesson",
    summary: "run the lesson's claims and print claimed against measured",
    define: (c) => {
      c.option("--only <claims>", "ids, separated by commas");
    },
    load: () => import("./commands/lesson.ts"),
  },
  {
    name: "info",
    summary: "versions, backends, threads and BLAS",
    define: () => {},
    load: () => import("./commands/info.ts"),
  },
];
