/** Schedules as the room edits them: options as text in the address, rates of a whole run as a curve. */
import {
  learningRate,
  makeSchedule,
  type OptionSpec,
  type Options,
  type ScheduleRow,
  schedules,
} from "steepest/optim/schedules";
import type { ScheduleCurve } from "steepest/plot";
import { readNumber } from "../../lib/fields.ts";

/** Those that can be written down as data; the others hold a function and come from code. */
export const drawable: readonly ScheduleRow[] = schedules.filter((s) =>
  Object.values(s.options).every((o) => o.type !== "function" || !o.required),
);

export const entryOf = (name: string): ScheduleRow => drawable.find((s) => s.name === name)!;

export interface Lengths {
  readonly lr: number;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
}

/**
 * A made-up validation loss that falls, rests, falls and rests, for schedules that follow a measurement:
 * one value an epoch.
 */
export function exampleLoss(epoch: number, epochs: number): number {
  const p = epoch / Math.max(1, epochs - 1);
  return 0.15 + 0.5 * Math.exp(-12 * p) + (p > 0.45 ? 0.35 * Math.exp(-14 * (p - 0.45)) : 0.35);
}

/** Rates (and momenta, where the schedule sets them) of every step. Throws what `makeSchedule` throws. */
export function curveOf(name: string, options: Options, { lr, ...run }: Lengths): ScheduleCurve {
  const rate = learningRate(makeSchedule(name, lr, options, run));
  const steps = Array.from({ length: run.totalSteps }, (_, k) => k);
  const epochs = Math.ceil(run.totalSteps / run.stepsPerEpoch);
  const lrs = steps.map((k) => {
    if (k > 0 && k % run.stepsPerEpoch === 0) rate.observe(exampleLoss(k / run.stepsPerEpoch - 1, epochs));
    return rate.lrAt(k);
  });
  return { name, lrs, momenta: rate.setsMomentum ? steps.map((k) => rate.momentumAt(k) ?? null) : null };
}

export const followsMetric = (name: string): boolean => name === "reduce-on-plateau";

/** One field's text → its value; undefined for an empty field, which leaves the option out. Throws words. */
export function parseOption(spec: OptionSpec, text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  switch (spec.type) {
    case "number":
    case "integer": {
      const value = readNumber(trimmed);
      if (Number.isNaN(value)) throw new Error("write a number");
      return value;
    }
    case "number[]": {
      // commas stand between numbers, or in them where semicolons stand between
      const values = trimmed.split(trimmed.includes(";") ? ";" : /[\s,]+/).map(readNumber);
      if (values.some(Number.isNaN)) throw new Error("write numbers with commas or semicolons between them");
      return values;
    }
    case "boolean":
      return trimmed === "true";
    case "choice":
      return trimmed;
    default:
      try {
        return JSON.parse(trimmed);
      } catch {
        throw new Error("write JSON, as in a run file");
      }
  }
}

export const showOption = (value: unknown): string =>
  value === undefined || value === null
    ? ""
    : Array.isArray(value) && value.every((v) => typeof v === "number")
      ? value.join(", ")
      : typeof value === "object"
        ? JSON.stringify(value)
        : String(value);

/** The address's text → options; null when it is no record. */
export function readOptions(text: string): Options | null {
  if (text === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Options) : null;
  } catch {
    return null;
  }
}

/** Its example's options, which fit a run of 100 steps, less the lengths that the run fills in. */
export const exampleOptions = (entry: ScheduleRow): Options =>
  Object.fromEntries(Object.entries(entry.example).filter(([key]) => !entry.options[key]?.filledFrom));
