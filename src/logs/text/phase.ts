/** "Testing…", "validation:", "=== train ===": lines that say what follows is measured on. */
import { speaksOfTraining, speaksOfValidation } from "../columns.ts";
import type { Counters, Judged } from "./counters.ts";
import type { Labelled } from "./labels.ts";
import type { Slot } from "./slots.ts";
import { slotMeaning } from "./words.ts";

const NO_PHASE =
  /load|sav|dataset|split|file|path|checkpoint|found|number|image|sample|size|build|creat|download|preprocess|best|improv|config|param|option|batches|step_?size|finish|complet|done|ended|took|elapsed|\btime\b|warning|error|import|using/;

/** Of a line without a measurement: held-out data (true), training (false), or nothing of it. */
export function phaseOf(
  line: string,
  { words, slots, assigned }: Labelled,
  judged: readonly Judged[],
  counters: Counters,
): boolean | null {
  if (assigned && line.includes("=")) return null;
  if (words.length === 0 || words.length > 9) return null;
  const others = slots.filter(
    (s) =>
      s.index !== counters.step &&
      s.index !== counters.epoch &&
      !s.isTotal &&
      !s.aside &&
      !/^(?:time|step|epoch)$/.test(judged[s.index]!.meaning.role) &&
      !(judged[s.index]!.behaviour.constant && s.total < 0),
  );
  if (others.length > 0 || slots.some(countsThings)) return null;
  const text = words.join(" ");
  if (NO_PHASE.test(text)) return null;
  const held = words.some((w) => speaksOfValidation(w));
  const train = words.some((w) => speaksOfTraining(w));
  if (held === train || words.some(namesMetric)) return null;
  return held;
}

/** "20 examples for eval": how many there are. */
function countsThings(slot: Slot): boolean {
  return (
    slot.after !== "" &&
    (slot.label === "" || slot.label === slot.after) &&
    slot.total < 0 &&
    !slot.isTotal &&
    !slot.aside &&
    !slot.bracketed
  );
}

/** "val_loss" or "lr", as in a table's header; "validation" alone is no metric here. */
function namesMetric(word: string): boolean {
  const { role } = slotMeaning(word);
  return (
    role === "loss" ||
    role === "lr" ||
    role === "accuracy" ||
    (/validation/.test(role) && /loss|acc|err|[_/]/.test(word))
  );
}
