/** What a run has to learn: the loss, the model that fits it and the data, and how to tell right from wrong. */

import type { Dataset } from "../data/index.ts";
import type { Expr } from "../engine/graph/index.ts";
import { freeze, type Layer } from "../nn/index.ts";
import { findLoss } from "../nn/losses/index.ts";
import type { Loss, LossOptions } from "../nn/losses/loss.ts";
import { accuracyFor, classAccuracy } from "../nn/metrics.ts";
import { growingAxes, isMup, widened } from "../nn/width.ts";
import { SteepestError } from "../run/errors.ts";
import type { RunSpec } from "../run/spec.ts";
import type { BuildHost } from "./host.ts";
import { buildModel, type CustomModel } from "./model.ts";
import type { BatchTensors, LossFunction } from "./trace.ts";

export interface Task {
  readonly model: Layer;
  readonly loss: LossFunction;
  /** The loss's name; "module" for one of the user's own. */
  readonly lossName: string;
  /** The loss, and an accuracy where there is one: means over a batch. */
  readonly measures: Readonly<Record<string, LossFunction>>;
  /** Those of them that are also logged with each step. */
  readonly logged: Readonly<Record<string, LossFunction>>;
  /** Numbers that the model gives for one row or position. */
  readonly outputs: number;
  /** Where scales and rates follow the width: how many axes of each parameter grow with it. */
  readonly growingAxes?: Readonly<Record<string, number>> | undefined;
}

type Goal = Omit<Task, "model" | "logged" | "growingAxes"> & {
  /** The loss reads probabilities. */
  readonly probability: boolean;
};

/** The loss the run file names, or the one that the target asks for, and the model. Throws `loss`, `data-target`, `module`. */
export async function taskOf(spec: RunSpec, data: Dataset, host: BuildHost): Promise<Task> {
  const { probability, ...goal } =
    spec.loss !== undefined && "module" in spec.loss
      ? await ownGoal(String(spec.loss["module"]), data, host)
      : namedGoal(spec, data);
  const custom =
    "module" in spec.model
      ? ((await host.importFunction?.(spec.model.module, "model")) as CustomModel)
      : undefined;
  const sizes = { inputShape: data.features.shape.slice(1), outputs: goal.outputs, probability, custom };
  const model = freeze(buildModel(spec.model, sizes), spec.freeze ?? []);
  const logged = { ...namedMeasures(spec.measures ?? [], data, goal.measures), ...host.given?.measures };
  return {
    ...goal,
    measures: { ...goal.measures, ...logged },
    logged,
    model,
    ...(isMup(spec.model) && {
      growingAxes: growingAxes(model, buildModel(widened(spec.model, 2), sizes)),
    }),
  };
}

/** Losses by name as measures, and the accuracy that goes with the run's loss. Throws `measure`, `loss`. */
function namedMeasures(
  names: readonly string[],
  data: Dataset,
  { accuracy }: Task["measures"],
): Record<string, LossFunction> {
  return Object.fromEntries(
    names.map((name): [string, LossFunction] => {
      if (name !== "accuracy") {
        const row = findLoss(name);
        requireFit(row, data);
        return [name, measuresOf(row, {}).loss];
      }
      if (accuracy !== undefined) return [name, accuracy];
      throw new SteepestError("measure", "accuracy needs classes, but the run's loss is of numbers", {
        where: "at measures",
        help: "name a loss such as l1",
      });
    }),
  );
}

const sizeOfTarget = ({ target }: Dataset): number => target.shape.slice(1).reduce((a, b) => a * b, 1);

async function ownGoal(module: string, data: Dataset, host: BuildHost): Promise<Goal> {
  const loss = await host.importFunction?.(module, "loss");
  if (typeof loss !== "function") {
    throw new SteepestError("module", "the module's loss is not a function", {
      where: `in ${module}`,
      help: "export const loss = (output, batch) => …",
    });
  }
  const classes = data.target.kind === "class";
  return {
    lossName: "module",
    loss: loss as LossFunction,
    measures: {
      loss: loss as LossFunction,
      ...(classes && {
        accuracy: (output: Expr, batch: BatchTensors) => classAccuracy(output, batch["y"]!),
      }),
    },
    outputs: classes ? (data.classes?.length ?? 2) : sizeOfTarget(data),
    probability: false,
  };
}

function namedGoal(spec: RunSpec, data: Dataset): Goal {
  const { target, classes } = data;
  if (target.kind === "none") {
    throw new SteepestError("data-target", "the data has no target to learn", {
      where: "at data.target",
      help: "name the target column or file, or bring a loss of your own as { module }",
    });
  }
  const { name = target.kind === "class" ? "softmax-cross-entropy" : "mse", ...options } = (spec.loss ??
    {}) as {
    name?: string;
  };
  const row = findLoss(name);
  requireFit(row, data);
  const measures = measuresOf(row, options);
  return {
    lossName: row.name,
    loss: measures.loss,
    measures,
    outputs: row.target === "class" ? classes!.length : sizeOfTarget(data),
    probability: row.output === "probability",
  };
}

/** A loss, and the accuracy that goes with it: what training and evaluation measure. */
export function measuresOf(
  row: Loss,
  options: LossOptions,
): { readonly loss: LossFunction; readonly accuracy?: LossFunction } {
  const accuracy = accuracyFor(row);
  return {
    loss: (output, batch) => row.make(output, batch["y"]!, options),
    ...(accuracy && { accuracy: (output: Expr, batch: BatchTensors) => accuracy(output, batch["y"]!) }),
  };
}

function requireFit(row: Loss, { target, classes }: Dataset): void {
  if (row.target === "class" && target.kind !== "class") {
    throw new SteepestError("loss", `${row.name} needs class labels, but the target is a number`, {
      where: "at loss",
      help: 'choose the loss "mse", or say that the data\'s task is "classification"',
    });
  }
  const binary = row.output === "logit" || row.output === "probability";
  if (binary && classes !== undefined && classes.length > 2) {
    throw new SteepestError(
      "loss",
      `${row.name} tells two classes apart, but the data has ${classes.length}`,
      { where: "at loss", help: 'choose the loss "softmax-cross-entropy"' },
    );
  }
}
