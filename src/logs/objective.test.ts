/** The kind of a log's curve, by the names programs give it. */
import { expect, test } from "vitest";
import type { Role } from "../run/log.ts";
import { meaningOf } from "./columns.ts";
import { objectiveOf } from "./objective.ts";

const kindOf = (names: readonly string[], roles: Record<string, Role> = {}): string =>
  objectiveOf(
    names.map((name) => {
      const { role } = meaningOf(name);
      return { name, role: roles[name] ?? (role === "step" ? "other" : role) };
    }),
  );

test.each([
  ["loss", ["loss", "lr", "grad_norm"]],
  ["loss", ["train/loss", "val/loss", "epoch"]],
  ["loss", ["loss", "rewards/chosen", "rewards/rejected", "rewards/margins"]],
  ["loss", ["loss", "d_model", "g"]],
  ["reinforcement", ["rollout/ep_rew_mean", "train/policy_gradient_loss", "train/value_loss", "train/loss"]],
  ["reinforcement", ["loss", "reward", "kl"]],
  ["reinforcement", ["policy_loss", "value_loss", "entropy"]],
  ["reinforcement", ["loss", "return", "length"]],
  ["loss", ["loss", "return_mae"]],
  ["adversarial", ["Loss_D", "Loss_G", "D(x)"]],
  ["adversarial", ["d_loss", "g_loss"]],
  ["boosting", ["train-rmse", "eval-rmse"]],
  ["boosting", ["training's l2", "valid_1's l2"]],
  ["accuracy-only", ["train_acc", "val_acc"]],
  ["validation-only", ["val_loss", "lr"]],
  ["part", ["box_loss", "cls_loss", "dfl_loss"]],
  ["perplexity", ["log(ppl)"]],
  ["none", ["speed"]],
] as const)("%s: %s", (kind, names) => {
  expect(kindOf(names, { "log(ppl)": "loss" })).toBe(kind);
});

test("a loss the person names is a loss", () => {
  expect(objectiveOf([{ name: "reward", role: "loss" }], "reward")).toBe("loss");
  expect(kindOf(["reward"])).toBe("reinforcement");
});
