/** Which curve is the loss where no name says so, and what steers the training where it is no loss. */
import type { Objective } from "../../run/log.ts";
import { fileIsCalledLoss, speaksOfValidation } from "../columns.ts";
import { steering, steers } from "../objective.ts";
import { fallsAtAll } from "./behaviour.ts";
import type { Curve } from "./curves.ts";
import type { LinePlan } from "./plan.ts";

export const FEW = 5;
/** Rank of a loss that has no name: behind all that have one. */
export const NAMELESS = 900;

export interface Decided {
  readonly notes: { readonly id: string; readonly text: string }[];
  objective: Objective | null;
}

/** Rewards or an adversary, in lines of their own that are no curves here. */
export function steeredBy(plans: readonly LinePlan[]): Objective | null {
  // "[PG ID 0 PG GUID 0]" numbers a group of processes, and "return torch.tf32" is code that a warning quotes
  const measures = ({ name, slot, behaviour }: LinePlan["judged"][number], { template }: LinePlan): boolean =>
    name !== "" && !(behaviour.constant && /^\d+$/.test(template.pieces[slot.piece]!.text));
  const shown = plans.filter((p) => p.template.rows >= 3);
  return steering(shown.flatMap((p) => p.judged.filter((j) => measures(j, p)).map((j) => j.name)));
}

function curvesWith(plans: readonly LinePlan[], role: Curve["role"]): { plan: LinePlan; curve: Curve }[] {
  return plans.flatMap((plan) =>
    plan.curves.filter((c) => c.role === role && !c.nameless).map((curve) => ({ plan, curve })),
  );
}

/** Without a loss, the next best thing is taken for it, in words: perplexity, a score, a column without a name. */
export function chooseObjective(plans: readonly LinePlan[], decided: Decided, source: string): void {
  const { notes } = decided;
  const replace = (plan: LinePlan, old: Curve, made: Curve): void => {
    plan.curves[plan.curves.indexOf(old)] = made;
    plan.telling = true;
  };
  takeByPlace(plans, replace);
  const losses = curvesWith(plans, "loss");
  const perplexities = curvesWith(plans, "perplexity");
  if (losses.length === 0 && perplexities.length > 0) {
    for (const { plan, curve } of perplexities) {
      const held = speaksOfValidation(curve.name);
      replace(plan, curve, {
        ...curve,
        role: held ? "validation" : "loss",
        name: `log(${curve.name})`,
        heldName: `log(${curve.heldName})`,
        log: true,
      });
    }
    notes.push({
      id: "log-perplexity",
      text: `no loss is printed: the logarithm of '${perplexities[0]!.curve.label}' is one`,
    });
    return;
  }
  if (losses.length > 0 || curvesWith(plans, "validation").length > 0) return;
  const steered = curvesWith(plans, "accuracy").length > 0 ? null : steeredBy(plans);
  if (steered !== null) {
    // rewards alone, or two players' terms: kept as curves, judged as what they are
    decided.objective = steered;
    for (const plan of plans)
      if (plan.template.rows >= 3 && plan.curves.some((c) => !c.nameless && steers(c.name)))
        plan.telling = true;
    return;
  }
  const scores = curvesWith(plans, "score").filter(
    ({ curve }) => curve.behaviour.n >= FEW && !curve.behaviour.constant,
  );
  if (scores.length > 0) {
    const [{ plan, curve }] = scores as [(typeof scores)[0]];
    replace(plan, curve, { ...curve, role: "loss", rank: 500 });
    decided.objective = curve.behaviour.fall < 0 ? "score" : "loss";
    notes.push({
      id: "guessed-loss",
      text: `no series is called a loss: '${curve.name}' is taken for it; --loss names another`,
    });
    return;
  }
  if (fileIsCalledLoss(source)) takeList(plans, notes, replace);
  takeNameless(plans, notes, replace);
}

/** "40 train 3.21", "iter 40 total: 3.21": without a loss by name, what is measured in training, or in all, is it. */
function takeByPlace(
  plans: readonly LinePlan[],
  replace: (plan: LinePlan, old: Curve, made: Curve) => void,
): void {
  // settings and closing facts that are called errors are no curve
  if (curvesWith(plans, "loss").some(({ plan }) => plan.telling)) return;
  const found = plans
    .filter((p) => p.counters.step >= 0 || p.counters.epoch >= 0)
    .flatMap((plan) => plan.curves.filter(isPlaced).map((curve) => ({ plan, curve })))
    .sort((a, b) => b.curve.behaviour.drop - a.curve.behaviour.drop);
  for (const { plan, curve } of found)
    if (curve.label === found[0]!.curve.label) replace(plan, curve, { ...curve, role: "loss", rank: 400 });
}

const isPlaced = ({ label, behaviour }: Curve): boolean =>
  /^(?:train|training|trn|total)$/i.test(label) &&
  behaviour.n >= FEW &&
  !behaviour.integer &&
  (fallsAtAll(behaviour) || behaviour.rising < 0.5);

/** Number under number in a file called a loss. */
function takeList(
  plans: readonly LinePlan[],
  notes: Decided["notes"],
  replace: (plan: LinePlan, old: Curve, made: Curve) => void,
): void {
  const list = plans.find((p) => p.template.pieces.length === 1 && p.template.rows >= FEW);
  const curve = list?.curves[0];
  if (!list || !curve?.nameless || !fallsAtAll(curve.behaviour)) return;
  replace(list, curve, { ...curve, ...named("values"), role: "loss", rank: NAMELESS, nameless: false });
  notes.push({
    id: "guessed-loss",
    text: "a list of numbers without a name, in a file called a loss, is taken for the loss",
  });
}

const named = (name: string): Pick<Curve, "name" | "heldName" | "label"> => ({
  name,
  heldName: `valid ${name}`,
  label: name,
});

function takeNameless(
  plans: readonly LinePlan[],
  notes: Decided["notes"],
  replace: (plan: LinePlan, old: Curve, made: Curve) => void,
): void {
  const candidates = plans
    .filter((p) => p.counters.step >= 0 || p.counters.epoch >= 0)
    .flatMap((plan) =>
      plan.curves
        .filter(
          (c) =>
            c.nameless &&
            c.behaviour.n >= FEW &&
            (c.behaviour.fall > 0.25 || (c.behaviour.fall > 0 && c.behaviour.drop > 0.5)) &&
            !c.behaviour.integer &&
            c.behaviour.rising < 0.9,
        )
        .map((curve) => ({ plan, curve })),
    )
    .sort((a, b) => b.curve.behaviour.fall - a.curve.behaviour.fall);
  // of columns that fall alike the first: training is printed before validation
  const best = candidates
    .filter((c) => c.curve.behaviour.fall > candidates[0]!.curve.behaviour.fall - 0.1)
    .sort((a, b) => a.curve.column - b.curve.column)[0];
  if (!best) return;
  const name = `column ${best.curve.column + 1}`;
  replace(best.plan, best.curve, {
    ...best.curve,
    ...named(name),
    role: "loss",
    rank: NAMELESS,
    nameless: false,
  });
  const second = candidates.find((c) => c !== best);
  const other = second ? `; column ${second.curve.column + 1} is near` : "";
  notes.push({
    id: "guessed-loss",
    text: `no number has a name: ${name} falls like a loss and is taken for it${other}; a header line or --loss decides`,
  });
}
