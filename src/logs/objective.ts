/** What a log's curve is, by the names logged beside it: a loss says little about the rate where rewards steer it. */
import type { Objective, Role } from "../run/log.ts";
import { normalise } from "./columns.ts";

interface Named {
  readonly name: string;
  readonly role: Role;
}

const REWARD = /^(?:reward|rewards|rew|episode_return|ep_return|advantage|advantages)$/;
/** Preference losses (DPO and its kin) log "rewards" of pairs, and are supervised. */
const PREFERENCE = /(?:^|_)(?:chosen|rejected|margin|margins|accuracies)(?:_|$)/;
const POLICY = /(?:^|_)(?:policy|pg|actor|critic|ppo|value|vf|entropy|clip_?frac|approx_kl)(?:_|$)/;
/** How much of the returns a value function explains, and how long an episode is: nothing else logs them. */
const EPISODES =
  /^(?:explained_var(?:iance)?(?:_(?:old|new))?|(?:(?:mean|avg|average)_)?ep(?:isode)?_len(?:gth)?s?(?:_mean)?)$/;
const GENERATOR = /^(?:g|gen|generator|net_g|err_g|loss_?g|lossg|g_?loss|g_(?:[ab]|gan|adv|l1|fake))$/;
const DISCRIMINATOR =
  /^(?:d|dis|disc|discriminator|critic|net_d|err_d|loss_?d|lossd|d_?loss|d_(?:[ab]|real|fake|gan|adv))$/;
/** xgboost's `train-rmse`, LightGBM's `training's l2`, CatBoost's `learn:` and its metrics. */
const BOOSTING =
  /^(?:train|valid|eval|test|validation|dtrain|dtest|validation_\d)(?:_?\d)?-(?:rmsle|rmse|mae|mape|mphe|logloss|m?error|mlogloss|auc|aucpr|map|ndcg|gamma|poisson|tweedie|cox)\S*$|^\w+'s [a-z_0-9]+$|^learn$|^OOB Improve$|^(?:MultiClass(?:OneVsAll)?|Logloss|TotalF1|PairLogit\w*|YetiRank\w*|QueryRMSE|MultiRMSE|QuerySoftMax)$/;
const PART =
  /(?:^|_)(?:aux|auxiliary|reg|regularization|kl|kld|cls|class|bbox|box|mask|obj|dfl|iou|giou|rpn|loc|z|penalty|part|h\d+|\d+)(?:_|$)/;

/**
 * The kind of objective of a run's series, the preferred series of each role first. `named`: the loss the person
 * named, who knows what it is.
 */
export function objectiveOf(series: readonly Named[], named: string | null = null): Objective {
  if (named !== null) return "loss";
  const of = (role: Role): Named | undefined => series.find((s) => s.role === role);
  const steered = steering(series.map((s) => s.name));
  if (steered) return steered;
  const loss = of("loss");
  const validation = of("validation");
  const judged = loss ?? validation;
  if (series.some((s) => BOOSTING.test(s.name.trim()))) return "boosting";
  if (!judged) return of("accuracy") || of("validationAccuracy") ? "accuracy-only" : "none";
  if (/^log\(.*\)$/.test(judged.name)) return "perplexity";
  if (!loss) return "validation-only";
  return /^(?:valid )?sum of \d+ parts$/.test(loss.name) ||
    (PART.test(normalise(loss.name)) && !/^column \d+$/.test(loss.name))
    ? "part"
    : "loss";
}

/** What steers a training other than its loss, by all names that it logs. */
export function steering(names: readonly string[]): Objective | null {
  const keys = names.map(normalise);
  if (isReinforcement(keys)) return "reinforcement";
  return isAdversarial(keys) ? "adversarial" : null;
}

/** One of the numbers by which a reader knows such a training. */
export function steers(name: string): boolean {
  const key = normalise(name);
  return isReward(key) || GENERATOR.test(key) || DISCRIMINATOR.test(key);
}

function isReward(key: string): boolean {
  return (
    key.split("_").some((w) => REWARD.test(w)) ||
    /ep(?:isode)?_return|^(?:(?:mean|avg|average)_)?returns?$/.test(key)
  );
}

function isReinforcement(keys: readonly string[]): boolean {
  if (keys.some((key) => PREFERENCE.test(key))) return false;
  const rewards = keys.some(isReward);
  const policy = keys.filter((key) => POLICY.test(key)).length;
  return rewards || keys.some((key) => EPISODES.test(key))
    ? true
    : policy >= 2 && keys.some((key) => /(?:^|_)(?:policy|actor|pg)(?:_|$)/.test(key));
}

function isAdversarial(keys: readonly string[]): boolean {
  const has = (pattern: RegExp): boolean =>
    keys.some(
      (key) => pattern.test(key) || key.split("_").some((w) => pattern.test(w) && key.includes("loss")),
    );
  return has(GENERATOR) && has(DISCRIMINATOR);
}
