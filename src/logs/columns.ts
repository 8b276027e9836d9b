/**
 * What a series' name means. One table for every format; names are compared without case, separators or
 * camelCase, so `train/loss`, `Train Loss` and `trainLoss` are the same. The rank orders candidates of a role:
 * the lowest is the preferred series.
 */
import type { Role } from "../run/log.ts";
import { foldAccents, foreignHeld, foreignMeaning, foreignTrain } from "./languages.ts";

export interface Meaning {
  readonly role: Role | "step";
  readonly rank: number;
}

/** `trainer/GlobalStep` → `trainer_global_step`. */
export function normalise(name: string): string {
  return foldAccents(name)
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^a-z0-9\u0080-\uffff]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .replace(/(^|_)(?:held|hold)_out(?=_|$)/, "$1holdout");
}

/** Whole names, in order of preference. */
const EXACT: Readonly<Record<string, readonly string[]>> = {
  step: [
    "global_step",
    "trainer_global_step",
    "train_global_step",
    "step",
    "steps",
    "training_step",
    "train_step",
    "train_steps",
    "iteration",
    "iterations",
    "iter",
    "iters",
    "it",
    "num_updates",
    "updates",
    "update",
    "n_iter",
    "s",
    "current_steps",
    "current_step",
    "total_timesteps",
    "time_total_timesteps",
    "num_timesteps",
    "env_steps",
    "batch",
    "batch_idx",
    "batch_index",
    "batch_id",
    "minibatch",
    "episode",
    "episodes",
    "frame",
    "frames",
    "num_frames",
  ],
  epoch: ["epoch", "epochs", "train_epoch", "current_epoch", "ep", "epoch_num", "epoch_idx", "end_of_epoch"],
  loss: [
    "train_loss_step",
    "loss_step",
    "train_loss",
    "training_loss",
    "loss_train",
    "train_loss_batch",
    "batch_loss",
    "lm_loss",
    "loss",
    "trl",
    "losses_train",
    "total_loss",
    "train_total_loss",
    "loss_total",
    "train_lm_loss",
    "language_model_loss",
    "nll_loss",
    "train_nll_loss",
    "ce_loss",
    "mean_loss",
    "avg_loss",
    "average_loss",
    "running_loss",
    "train_loss_epoch",
    "loss_epoch",
    "epoch_loss",
    "cost",
    "objective",
    "nll",
    "train_nll",
    "cross_entropy",
    "train_cross_entropy",
    "mse",
    "train_mse",
    "train_error",
    "xent",
    "bce",
    "rmse",
    "crossentropy",
    "logloss",
    "log_loss",
  ],
  lr: [
    "lr",
    "learning_rate",
    "learningrate",
    "train_lr",
    "train_learning_rate",
    "current_lr",
    "optimizer_lr",
    "opt_lr",
    "lr_0",
    "lr_group_0",
    "lr_pg_0",
    "lrate",
    "learn_rate",
  ],
  gradNorm: [
    "grad_norm",
    "gradnorm",
    "gradient_norm",
    "train_grad_norm",
    "global_grad_norm",
    "grad_norm_total",
    "total_grad_norm",
    "gnorm",
    "train_gnorm",
    "norm",
    "total_norm",
    "grad_2_0_norm_total",
    "grad_2_norm_total",
    "grad",
    "gn",
  ],
  validation: [
    "val_loss",
    "valid_loss",
    "validation_loss",
    "eval_loss",
    "validation",
    "loss_val",
    "loss_valid",
    "loss_validation",
    "loss_eval",
    "dev_loss",
    "test_loss",
    "loss_test",
    "tel",
    "val_loss_epoch",
    "val_loss_step",
    "lm_loss_validation",
    "val",
  ],
  accuracy: ["accuracy", "acc", "train_accuracy", "train_acc", "acc_1", "top_1", "top1", "acc1"],
  validationAccuracy: [
    "val_accuracy",
    "val_acc",
    "eval_accuracy",
    "validation_accuracy",
    "valid_acc",
    "test_accuracy",
    "test_acc",
  ],
  lossScale: [
    "loss_scale",
    "lossscale",
    "loss_scaler",
    "grad_scale",
    "grad_scaler",
    "scaler_scale",
    "amp_scale",
  ],
  clippedShare: ["clipped_share", "clip_fraction", "clipped_fraction", "clip", "train_clip"],
  skipped: [
    "number_of_skipped_iterations",
    "skipped_iterations",
    "skipped_steps",
    "skipped",
    "overflow",
    "num_skipped",
  ],
  nanCount: ["number_of_nan_iterations", "nan_iterations", "nan_count", "num_nan", "nans"],
};

const EXACT_INDEX: ReadonlyMap<string, Meaning> = new Map(
  Object.entries(EXACT).flatMap(([role, names]) =>
    names.map((name, rank): [string, Meaning] => [name, { role: role as Meaning["role"], rank }]),
  ),
);

const VALIDATION = new Set(
  "val valid validation validating validate eval evaluation evaluate evaluating test testing dev devel holdout heldout crossval crossvalidation xval cv tst vld".split(
    " ",
  ),
);
const TRAINING = new Set("train training trn tr learn fit".split(" "));
/** A loss with one of these words is no curve of the training loss: a record, a weight, a part, a cost of time. */
const NOT_LOSS = new Set(
  "best min minimum max maximum lowest final initial prev previous last target weight weights coef coeff lambda std var variance time ratio delta diff change patience count zscore spike threshold".split(
    " ",
  ),
);
/** "end of epoch", "train/epoch"; not "perplexity epoch". */
const BEFORE_EPOCH = new Set(
  "epoch train training trainer current cur global end of num number fractional real data progress".split(
    " ",
  ),
);
const NOT_LR = new Set(
  "min max decay scale multiplier mult ratio factor schedule scheduler warmup steps step_size".split(" "),
);
/** One term of a sum, or a smoothed copy: kept as a loss, after the whole. */
const PART_OF_LOSS = new Set(
  "aux auxiliary reg regularization kl cls bbox box mask obj ema smooth smoothed smoothing z l1 l2 penalty".split(
    " ",
  ),
);

const GUESSED = 100;

/** Losses by their formula's name, as whole words of a name without its phase: `rmse_trn`, `Train-SmoothL1`. */
const FORMULA =
  /(?:^|_)(?:xent|crossentropy|cross_?entropy|xentropy|ce|bce|nll|mse|rmse|mae|logloss|log_loss|mlogloss|binary_logloss|multi_logloss|multi_?class|smooth_?l1|huber|l2|rmsle|deviance|cost|cost_function|train_err|criterion|hinge|kld|chamfer|mape|smape|merror|error|err|residual)(?:_(?:\d|scaled|unscaled|norm|normalized|normalised|raw|std))?$/;
/** An error of the machine, not of the model: "HTTP Error 500". */
export function isMachineError(key: string): boolean {
  return (
    /(?:^|_)err(?:or)?s?(?:_|$)/.test(key) &&
    /(?:^|_)(?:https?|exit|status|errno|code|io|os|std|standard|cuda|parse|value|type|key|syntax|runtime)(?:_|$)/.test(
      key,
    )
  );
}

/** True for `mse`, `valid_rmse`, `training error`: a loss without the word. */
export function isFormula(key: string): boolean {
  const words = key.split("_").filter((word) => !VALIDATION.has(word) && !TRAINING.has(word));
  return FORMULA.test(words.join("_")) && !isMachineError(key) && !words.includes("best");
}

/** Role and preference of a series' name; `other` when it says nothing we know. */
export function meaningOf(name: string): Meaning {
  const key = normalise(name);
  const exact = EXACT_INDEX.get(key);
  if (exact) return exact;
  const words = key.split("_");
  const has = (word: string): boolean => words.includes(word);
  const validation = words.some((word) => VALIDATION.has(word));
  const last = words[words.length - 1]!;
  if (has("scale") && has("loss")) return { role: "lossScale", rank: GUESSED };
  const isLoss = has("loss") || has("losses") || /loss\d*$/.test(last);
  const counts = words.length > 1 && /^(?:num|count|counts|cnt|number)$/.test(last); // how many losses
  if (isLoss && !counts && !words.some((word) => NOT_LOSS.has(word))) {
    const part = words.some((word) => PART_OF_LOSS.has(word)) ? GUESSED : 0;
    const whole = words.some((word) => /^(?:total|overall|all|sum|summed)$/.test(word)) ? -20 : 0;
    const rank = GUESSED + part + whole + words.length;
    return { role: validation || /^val(id)?loss/.test(last) ? "validation" : "loss", rank };
  }
  // "learning_rate_0.005" names a training
  if (/\d\.\d+$/.test(name)) return { role: "other", rank: GUESSED };
  if ((has("lr") || (has("learning") && has("rate"))) && !words.some((word) => NOT_LR.has(word))) {
    return { role: "lr", rank: GUESSED + words.length };
  }
  if ((has("grad") || has("gradient") || has("gradients") || has("grads")) && has("norm")) {
    return { role: "gradNorm", rank: GUESSED + words.length + (has("clipped") ? GUESSED : 0) };
  }
  if (words.some((word) => word === "accuracy" || word === "acc") && !has("best") && !has("max")) {
    return { role: validation ? "validationAccuracy" : "accuracy", rank: GUESSED + words.length };
  }
  if (last === "epoch" && words.every((word) => BEFORE_EPOCH.has(word)))
    return { role: "epoch", rank: GUESSED };
  if ((has("global") && last === "step") || (has("num") && last === "updates"))
    return { role: "step", rank: GUESSED };
  if (isFormula(key) && !words.some((word) => NOT_LOSS.has(word)))
    return { role: validation ? "validation" : "loss", rank: GUESSED + 40 + words.length };
  return { role: foreignMeaning(key) ?? "other", rank: GUESSED };
}

/** True when the words of a line or a directory say that what follows is measured on held-out data. */
export function speaksOfValidation(text: string): boolean {
  const key = normalise(text);
  return key.split("_").some((word) => VALIDATION.has(word)) || foreignHeld(key);
}

/** True when they say that it is measured in training. */
export function speaksOfTraining(text: string): boolean {
  const key = normalise(text);
  return key.split("_").some((word) => TRAINING.has(word)) || foreignTrain(key);
}

/** The column a user named: verbatim first, then without case and separators. -1 when absent. */
export function findNamed(names: readonly string[], wanted: string): number {
  const verbatim = names.indexOf(wanted);
  if (verbatim >= 0) return verbatim;
  const key = normalise(wanted);
  return names.findIndex((name) => normalise(name) === key);
}

/** A file called `loss.txt` or `nll-train.json` holds what it is called where the numbers themselves have no name. */
export const fileIsCalledLoss = (source: string): boolean =>
  /loss|cost|nll|error/i.test(source.split(/[\\/]/).pop()!);
