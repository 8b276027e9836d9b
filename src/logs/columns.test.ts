import { expect, test } from "vitest";
import { meaningOf, normalise } from "./columns.ts";

test.each([
  ["train/loss", "loss"],
  ["Train Loss", "loss"],
  ["trainLoss", "loss"],
  ["lm loss", "loss"],
  ["trl", "loss"],
  ["train_loss_step", "loss"],
  ["losses/total", "loss"],
  ["loss_cls", "loss"],
  ["val_loss", "validation"],
  ["eval/loss", "validation"],
  ["eval_mnli_loss", "validation"],
  ["tel", "validation"],
  ["validation", "validation"],
  ["lr", "lr"],
  ["learning-rate", "lr"],
  ["lr-Adam", "lr"],
  ["lr-AdamW/pg1", "lr"],
  ["train/learning_rate", "lr"],
  ["gradNorm", "gradNorm"],
  ["grad norm", "gradNorm"],
  ["gnorm", "gradNorm"],
  ["grad_2.0_norm_total", "gradNorm"],
  ["loss scale", "lossScale"],
  ["number of nan iterations", "nanCount"],
  ["number of skipped iterations", "skipped"],
  ["val_accuracy", "validationAccuracy"],
  ["Acc@1", "accuracy"],
  ["epoch", "epoch"],
  ["train/global_step", "step"],
  ["_step", "step"],
  ["best_loss", "other"],
  ["loss_weight", "other"],
  ["min_lr", "other"],
  ["elapsed time per iteration (s)", "other"],
  ["训练损失", "loss"],
  ["验证损失", "validation"],
  ["学习率", "lr"],
])("%s is %s", (name, role) => {
  expect(meaningOf(name).role).toBe(role);
});

test("the batch loss goes before the epoch's mean, the whole before its parts", () => {
  const first = (...names: string[]): string =>
    names.sort((a, b) => meaningOf(a).rank - meaningOf(b).rank)[0]!;
  expect(first("train_loss_epoch", "train_loss_step")).toBe("train_loss_step");
  expect(first("loss_cls", "loss_bbox", "loss")).toBe("loss");
  expect(first("kl_loss", "vae_loss")).toBe("vae_loss");
  expect(first("val_loss_best", "val_loss")).toBe("val_loss");
});

test("names without case and separators", () => {
  expect(normalise("trainer/GlobalStep")).toBe("trainer_global_step");
});
