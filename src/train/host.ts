import type { BatchPlan, DataHost, Dataset } from "../data/index.ts";
import type { MetricSchedule, Schedule } from "../optim/schedules/index.ts";
import type { Transform } from "../optim/transform.ts";
import type { Named } from "../run/spec.ts";
import type { Feed } from "./feed.ts";
import type { LossFunction } from "./trace.ts";

/** What building a run needs from outside: files, and modules where they can be loaded. */
export interface BuildHost extends DataHost {
  /** The export `name` of a module; absent where modules can't be loaded. */
  readonly importFunction?: (file: string, name: "model" | "loss") => Promise<unknown>;
  /** Parts that are there already, in place of what the run file names. */
  readonly given?: GivenParts;
}

/** Parts of a run that are values and no names. */
export interface GivenParts {
  /** With its validation rows. */
  readonly data: Dataset;
  /** Where the rows to train on come in time: how many an epoch has, and what brings them. `data` has one of them then. */
  readonly stream?: { readonly count: number; readonly feed: (plan: BatchPlan) => Feed } | undefined;
  /** The optimizer with its clip, in place of what `spec.optimizer` says as long as that is this very record. */
  readonly optimizer: { readonly transform: Transform; readonly as: Named };
  readonly schedule?: Schedule | MetricSchedule | undefined;
  /** Beside those that the run file names. */
  readonly measures?: Readonly<Record<string, LossFunction>> | undefined;
}
