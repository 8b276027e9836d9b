/** The flags of a search over a program's trainings: their one definition, their values. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Pausing } from "../program/trial.ts";

export interface ProgramFlags {
  readonly lr?: number;
  readonly seed: number;
  readonly steps?: number;
  readonly budget: number;
  readonly time?: number;
  readonly jobs: number;
  readonly gpus?: readonly string[];
  readonly log?: readonly string[];
  readonly loss?: string;
  readonly step?: string;
  readonly override?: readonly string[];
  readonly launcher?: string;
  readonly pause?: Pausing;
  readonly out?: string;
  readonly resume?: true;
}

const PAUSES: readonly Pausing[] = ["stop", "restart", "run"];

/** Adds the flags under a heading of their own. */
export function programFlags(command: Command): Command {
  return command
    .optionsGroup("With a program after --:")
    .option("--lr <rate>", "the rate of the first training; default 1e-3", positive)
    .option("--seed <n>", "the first seed", whole(0), 0)
    .option("--steps <n>", "steps of a training, as its log counts them; default: until it ends", positive)
    .option("--budget <n>", "whole trainings that the search may cost", positive, 12)
    .option("--time <duration>", "begin nothing new after this: 90s, 30m, 8h", duration)
    .option("--jobs <n>", "trainings side by side; default 1, or one a GPU of --gpus", whole(1), 1)
    .option("--gpus <ids>", "run each training on one of these: 0,1,2,3", list)
    .option("--log <paths...>", "read these files or folders; {out} is the training's own")
    .option("--loss <column>", "the series that is the training loss")
    .option("--step <column>", "the column that counts steps")
    .option("--override <setting>", "write 'key: value' into a copy of the settings file", collect, [])
    .option("--launcher <command>", "put this before the command, for example 'srun --gres=gpu:1'")
    .addOption(
      new Option("--pause <how>", "what a training does while others go on; default stop").choices(PAUSES),
    )
    .option("--out <folder>", "logs of all trainings; default find-lr-NAME")
    .option("--resume", "go on with the search in that folder");
}

function positive(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("It must be a positive number.");
}

const whole =
  (min: number) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isInteger(value) && value >= min) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min}.`);
  };

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86400 };

/** Milliseconds. */
function duration(text: string): number {
  const [, value, unit = "s"] = /^(\d+(?:\.\d+)?)\s*([smhd]?)$/.exec(text.trim()) ?? [];
  if (value !== undefined) return Number(value) * UNITS[unit === "" ? "s" : unit]! * 1000;
  throw new InvalidArgumentError("Write 90s, 30m or 8h.");
}

const list = (text: string): string[] => text.split(",").map((part) => part.trim());

const collect = (text: string, before: readonly string[]): string[] => [...before, text];
