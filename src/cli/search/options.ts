/** The flags of a search over a program's trainings: their one definition, their values. */
import { type Command, Option } from "commander";
import type { Purpose } from "../../tune/find-lr/run-trials.ts";
import { collect, duration, list, part, positive, whole } from "../flags.ts";
import type { Pausing } from "../program/trial.ts";

export type ProgramFlags = {
  readonly lr?: number;
  readonly seed?: number;
  readonly steps?: number;
  readonly budget?: number;
  readonly time?: number;
  readonly from?: number;
  readonly to?: number;
  readonly seeds?: number;
  readonly jobs?: number;
  readonly gpus?: readonly string[];
  readonly log?: readonly string[];
  readonly loss?: string;
  /** What rates are compared by. */
  readonly for?: Purpose;
  readonly step?: string;
  readonly override?: readonly string[];
  readonly launcher?: string;
  readonly pause?: Pausing;
  readonly out?: string;
  readonly resume?: true;
  readonly part?: Part;
  /** `name=a,b`, of compare. */
  readonly set?: readonly string[];
  /** Of compare: the level to reach, and the seeds that judge who does so first. */
  readonly target?: number | "best";
  readonly freshSeeds?: number;
};

/** The first of 27 parts of a search's trainings has number 1. */
export interface Part {
  readonly number: number;
  readonly of: number;
}

export const PURPOSES: readonly Purpose[] = ["validation", "training"];
const PAUSES: readonly Pausing[] = ["stop", "restart", "run"];

/** Adds the flags under a heading of their own; those that the command has already are not declared again. */
export function programFlags(command: Command): Command {
  command.optionsGroup("With a program after --:");
  const has = (flag: string): boolean => command.options.some((o) => o.long === flag);
  if (!has("--budget"))
    command.option("--budget <n>", "whole trainings that a search may cost; default 12", positive());
  if (!has("--jobs"))
    command.option(
      "--jobs <n>",
      "trainings side by side; default 1, or one a GPU of --gpus",
      whole({ min: 1 }),
    );
  if (!has("--out")) command.option("--out <folder>", "logs of all trainings; default find-lr-NAME");
  if (!has("--for"))
    command.addOption(
      new Option("--for <loss>", "the loss to make small; default validation where it is logged").choices(
        PURPOSES,
      ),
    );
  return command
    .option("--lr <rate>", "the rate of the first training; default 1e-3", positive("learning rate"))
    .option("--seed <n>", "the first seed; default 0", whole({ min: 0 }))
    .option("--steps <n>", "steps of a training, as its log counts them; default: until it ends", positive())
    .option("--time <duration>", "begin nothing new after this: 90s, 30m, 8h", duration)
    .option("--gpus <ids>", "run each training on one of these: 0,1,2,3", list)
    .option("--log <paths...>", "read these files or folders; {out} is the training's own")
    .option("--loss <column>", "the series that is the training loss")
    .option("--step <column>", "the column that counts steps")
    .option("--override <setting>", "write 'key: value' into a copy of the settings file", collect, [])
    .option("--launcher <command>", "put this before the command, for example 'srun --gres=gpu:1'")
    .addOption(
      new Option("--pause <how>", "what a training does while others go on; default stop").choices(PAUSES),
    )
    .option("--resume", "go on with the search in that folder")
    .option("--part <k/n>", "make one part of the trainings, as a job of its own; --resume joins them", part);
}
