/**
 * Questions that a right reading passes and a wrong one does not, whatever program wrote the log: is every loss that was
 * printed a point, does every number that counts agree with the steps, does a log that numbers its runs have as many?
 */
import type { RunLog, Series } from "../../run/log.ts";
import { CUT, lossOf, NAME } from "../doubts.ts";
import { behaviourOf } from "./behaviour.ts";
import { NAMELESS } from "./guess.ts";
import type { LinePlan } from "./plan.ts";
import type { Order } from "./store.ts";
import { WORD } from "./tokens.ts";
import { NUMBERED } from "./voices.ts";
import { slotMeaning } from "./words.ts";

/** Fewer points of a count show nothing. */
const FEW = 4;
/** So large a share of the losses may be missing, and of a count's values lie beside its line, or of a table's lines be others. */
const LOST = 0.02;
const BENT = 0.1;
/** So many losses of one name on a line are as many records. */
const RECORDS = 3;
/** A loss and its validation differ by less than this factor. */
const NEAR = 3;

export interface Audited {
  /** The reader's own name of the step, which is then beyond doubt. */
  readonly step: string | undefined;
  readonly plans: ReadonlyMap<number, LinePlan>;
  readonly order: Order;
  /** Which line of its form each line is. */
  readonly rowOf: () => Uint32Array;
  /** How many losses were left out on purpose, as another rank's or as those of a bar drawn again. */
  readonly leftOut: number;
  /** How many points the series of a name has in all runs. */
  readonly points: (name: string) => number;
}

/** In words what does not hold, and what helps; null where all does. */
export function auditOf(logs: readonly RunLog[], audited: Audited): string | null {
  const plans = [...audited.plans.values()];
  const counted = logs.map(miscounted).find((odd) => odd !== null) ?? misnamed(plans);
  if (counted && audited.step === undefined) return `${counted}; --step names the number that counts`;
  const lost = lostOf(logs, plans, audited);
  if (lost) return `${lost}; ${NAME}`;
  const unnamed = logs.map(unnamedOf).find((odd) => odd !== null);
  if (unnamed) return `${unnamed}; ${NAME}`;
  const bare = barelyRead(plans);
  if (bare) return `${bare}; ${CUT}`;
  const numbered = numberedOf(logs.length, audited);
  return numbered && `${numbered}; ${CUT}`;
}

/** Losses that were printed and are no points. */
function lostOf(
  logs: readonly RunLog[],
  plans: readonly LinePlan[],
  { leftOut, points }: Audited,
): string | null {
  const name = logs.map(lossOf).find((s) => s !== undefined)?.name;
  const label = plans.flatMap((p) => p.curves).find((c) => c.name === name && c.role === "loss")?.label;
  if (label === undefined) return null;
  const names = new Set<string>();
  let printed = 0;
  for (const { curves, judged, template, summary, partial } of plans) {
    const curve = curves.find((c) => c.label === label && (c.role === "loss" || c.role === "validation"));
    if (!curve || curve.nameless || summary || partial) continue;
    // records that stand behind each other on one line are none of a form that comes again
    const records = judged.filter((j) => j.name === label && !j.slot.aside).length;
    if (template.rows < 2 && records < RECORDS) continue;
    printed += template.rows * (records < RECORDS ? 1 : records);
    for (const n of [curve.name, curve.heldName]) names.add(n).add(`${n} (unnumbered)`);
  }
  const read = [...names].reduce((n, one) => n + points(one), 0);
  const lost = printed - read - leftOut;
  return lost > LOST * printed
    ? `'${label}' is printed ${printed} times, and ${lost} of them found no place in a run`
    : null;
}

/** Without a loss by name: what falls from where the validation begins to where it ends, beside it on every line. */
function unnamedOf(log: RunLog): string | null {
  const held = log.series.find((s) => s.role === "validation");
  if (!held || lossOf(log) || held.values.length < 2 * FEW) return null;
  const near = (a: number | undefined, b: number | undefined): boolean => a! > b! / NEAR && a! < b! * NEAR;
  const found = log.series.find(
    ({ role, values: v }) =>
      role === "other" &&
      v.length === held.values.length &&
      near(v[0], held.values[0]) &&
      near(v.at(-1), held.values.at(-1)) &&
      behaviourOf({ length: v.length, at: (i) => v[i] }).fall > 0.25,
  );
  return found
    ? `nothing is called a training loss, and '${found.name}' falls like '${held.name}' beside it`
    : null;
}

/** Where a column without a name is the loss: lines of numbers alone that have other columns. */
function barelyRead(plans: readonly LinePlan[]): string | null {
  const read = plans.find((p) => p.judged.length > 1 && p.curves.some((c) => c.rank === NAMELESS));
  if (!read) return null;
  const left = plans.filter(
    ({ judged, template }) =>
      template !== read.template && judged.length > 1 && template.pieces.every((p) => p.kind !== WORD),
  );
  const rows = left.reduce((n, { template }) => n + template.rows, 0);
  return rows >= FEW && rows > BENT * read.template.rows
    ? `${rows} lines of numbers have other columns than the ${read.template.rows} that are read`
    : null;
}

/** A series that counts by its name, and does not go with the steps. */
function miscounted(log: RunLog): string | null {
  const loss = lossOf(log);
  if (!loss) return null;
  for (const s of log.series) {
    const isStep = slotMeaning(s.name.replace(/ \(unnumbered\)$/, "")).role === "step";
    if (!isStep || s.values.length < FEW || !s.values.every(Number.isInteger)) continue;
    if (log.stepUnit === "row" && s.values.length >= 0.9 * loss.values.length && isMoving(s))
      return `its lines count in '${s.name}', and are read as rows`;
    if (log.stepUnit === "step" && isBent(s)) return `'${s.name}' does not go on with the step that was read`;
  }
  return null;
}

const isMoving = ({ values }: Series): boolean => values.some((v) => v !== values[0]);

/** Between its falls it is no straight line over the steps. */
function isBent({ steps, values }: Series): boolean {
  let bent = 0;
  let all = 0;
  for (let from = 0, to = 1; to <= values.length; to++) {
    if (to < values.length && values[to]! >= values[to - 1]!) continue;
    const end = to - 1;
    const slope = (values[end]! - values[from]!) / (steps[end]! - steps[from]!);
    for (let i = from + 1; i < end; i++, all++) {
      const off = values[i]! - values[from]! - slope * (steps[i]! - steps[from]!);
      if (!(Math.abs(off) <= 0.5 + 0.02 * Math.abs(values[i]!))) bent++;
    }
    from = to;
  }
  return all >= FEW && bent > BENT * all;
}

/** "step" over numbers that are none: a header's names stand over other columns than they name. */
function misnamed(plans: readonly LinePlan[]): string | null {
  for (const { telling, template, judged } of plans) {
    if (!telling || template.rows < FEW) continue;
    const wrong = judged.find(
      ({ slot, meaning, behaviour: b }) =>
        meaning.role === "step" &&
        !slot.aside &&
        !slot.isTotal &&
        slot.unit === "" &&
        !b.integer &&
        b.n > b.nonFinite,
    );
    if (wrong) return `'${wrong.name}' stands for numbers that are no count, such as ${wrong.behaviour.max}`;
  }
  return null;
}

/** "Run 1/2", "fold 3" between the losses, one more each time, and fewer runs. */
function numberedOf(runs: number, { plans, order, rowOf: rows }: Audited): string | null {
  const heads = new Map<number, { column: number; last: number; begun: number; used: boolean }>();
  for (const [id, { telling, judged }] of plans) {
    const found = telling ? undefined : judged.find(isNumbered);
    if (found) heads.set(id, { column: found.slot.index, last: Number.NaN, begun: 0, used: true });
  }
  if (heads.size === 0) return null;
  const rowOf = rows();
  for (let i = 0; i < order.length; i++) {
    const plan = plans.get(order.at(i));
    const head = heads.get(order.at(i));
    if (head && plan) {
      const n = plan.template.columns[head.column]!.at(rowOf[i]!);
      if (n === head.last) continue;
      const goesOn = head.begun === 0 || (head.used && n === head.last + 1);
      head.begun = goesOn ? head.begun + 1 : Number.NaN;
      head.last = n;
      head.used = false;
    } else if (plan?.telling && plan.curves.some((c) => c.role === "loss")) {
      for (const one of heads.values()) one.used = true;
    }
  }
  for (const [id, { begun, used }] of heads)
    if (used && begun >= 2 && begun > runs)
      return `lines like "${plans.get(id)!.template.line.trim().slice(0, 60)}" begin ${begun} runs, and ${runs} ${runs === 1 ? "is" : "are"} read`;
  return null;
}

const isNumbered = ({ name, slot, behaviour }: LinePlan["judged"][number]): boolean =>
  NUMBERED.test(name.split(/[\s_/]/).at(-1)!) && !slot.isTotal && behaviour.integer && !behaviour.constant;
