/** What a claim of the lesson is, and what running it gives. */
import type { Chart } from "../plot/chart.ts";
import type { TrajectoryMap } from "../plot/charts/trajectories.ts";
import type { LessonContext } from "./context.ts";

/** What became of a claim; `holds-if` comes with its condition. */
export type Verdict = "holds" | "does-not-hold" | "holds-if";

/** Everything an experiment measured, by name. Curves are arrays. */
export type Measured = Readonly<Record<string, unknown>> & {
  /** The number to compare with what is claimed. */
  readonly final: number;
};

/** What an experiment is run with: rates, steps, seeds. Another value is another experiment. */
export type Settings = Readonly<Record<string, number>>;

/** Curves, or paths over a function's contours. */
export type Picture = Chart | TrajectoryMap;

/** Whether a picture is paths over contours, which `renderTrajectories` draws; `renderSvg` draws the others. */
export const isMap = (picture: Picture): picture is TrajectoryMap => "paths" in picture;

/** What an experiment measured, and what that means for its claim. */
export interface Outcome {
  /** What was measured in a few words, made of the measured numbers. */
  readonly summary: string;
  readonly measured: Measured;
  readonly verdict: Verdict;
  /** For `holds-if`: when it is so, with what was measured there. Else what more is to be said, or nothing. */
  readonly condition: string | null;
  /** Pictures of what was measured, by file name without its ending. */
  readonly figures?: () => Readonly<Record<string, Picture>>;
}

/** One experiment. The table of claims knows its id, title and group. */
export interface Experiment<S extends Settings = Settings> {
  /** The claim in a sentence. */
  readonly claim: string;
  /** What the lesson says. */
  readonly claimed: number | string;
  readonly settings: S;
  run(context: LessonContext, settings: S): Promise<Outcome>;
}

/** An element of `claims` in the `steepest.lesson/1` document. */
export interface ClaimResult {
  readonly id: string;
  readonly claim: string;
  readonly claimed: number | string;
  readonly measured: Measured;
  readonly summary: string;
  readonly verdict: Verdict;
  readonly condition: string | null;
}

/** Fixes the settings' names, so that `run` can use them. */
export const defineExperiment = <S extends Settings>(e: Experiment<S>): Experiment<S> => e;
