/** How a text log was read, for `--explain`: each named number with its role, the evidence and what was near. */
import type { ReadColumn, Reading } from "../../run/log.ts";
import type { Judged } from "./counters.ts";
import type { Decision } from "./decide.ts";
import type { LinePlan } from "./plan.ts";

const MAX_COLUMNS = 60;

export function readingOf(decision: Decision): Reading {
  const seen = new Set<string>();
  const columns: ReadColumn[] = [];
  const plans = [...decision.plans.values()].filter(
    (p) => p.telling || p.counters.step >= 0 || p.counters.epoch >= 0,
  );
  plans.sort((a, b) => b.template.rows - a.template.rows);
  for (const plan of plans) {
    for (const j of plan.judged) {
      if (j.slot.aside || columns.length >= MAX_COLUMNS) continue;
      const column = describe(plan, j);
      const key = `${column.name}|${column.role}`;
      if (seen.has(key)) continue;
      seen.add(key);
      columns.push(column);
    }
  }
  return { columns, notes: decision.notes.map((n) => n.text) };
}

function describe(plan: LinePlan, j: Judged): ReadColumn {
  const { slot, name, behaviour: b } = j;
  const curve = plan.curves.find((c) => c.column === slot.index);
  const why: string[] = [name === "" ? "no name" : `named '${name}'`];
  if (slot.total >= 0) why.push("printed as n/N");
  if (b.constant && b.n > 1) why.push(`always ${b.min}`);
  else if (b.n >= 3 && b.rising >= 0.97) why.push(b.even > 0.9 ? "rises by equal steps" : "never falls");
  else if (b.n >= 3 && b.fall > 0.2) why.push(b.rough > 0.2 ? "falls with noise" : "falls");
  if (b.nonFinite > 0) why.push(`${b.nonFinite} times not finite`);
  return {
    name: name === "" ? `${slot.index + 1}. number` : name,
    role: roleOf(plan, j, curve?.role),
    why: why.join("; "),
    runnerUp: runnerUp(plan, j),
  };
}

function roleOf(plan: LinePlan, j: Judged, curveRole: string | undefined): ReadColumn["role"] {
  const { slot, meaning } = j;
  if (slot.isTotal) return "total";
  if (slot.index === plan.counters.step) return "step";
  if (slot.index === plan.counters.epoch) return "epoch";
  if (meaning.role === "time") return "clock";
  if (meaning.role === "throughput") return "throughput";
  if (slot.unit === "%" && curveRole === undefined) return "percentage";
  switch (curveRole) {
    case "loss":
    case "lr":
    case "gradNorm":
    case "validation":
    case "accuracy":
    case "validationAccuracy":
    case "lossScale":
    case "skipped":
    case "nanCount":
    case "clippedShare":
      return curveRole;
    default:
      return j.behaviour.constant && j.behaviour.n > 1 ? "constant" : "other";
  }
}

/** Another counter of the line that nearly was the step. */
function runnerUp(plan: LinePlan, j: Judged): string | null {
  if (j.slot.index !== plan.counters.step || j.counts === null) return null;
  const near = plan.judged.find(
    (o) =>
      o !== j &&
      o.slot.index !== plan.counters.epoch &&
      !o.slot.isTotal &&
      o.counts !== null &&
      o.counts >= j.counts! - 1.5 &&
      o.counts > 1,
  );
  return near ? `'${near.name || `${near.slot.index + 1}. number`}' as the step` : null;
}
