/** The numbers of a line that are drawn: what each is called, and what it is on held-out data. */
import { type Meaning, speaksOfTraining, speaksOfValidation } from "../columns.ts";
import type { Behaviour } from "./behaviour.ts";
import type { Counters, Judged } from "./counters.ts";
import type { SlotMeaning } from "./words.ts";

export interface Curve {
  readonly column: number;
  /** As a series is called where no phase line says otherwise, and where one says held-out. */
  readonly name: string;
  readonly heldName: string;
  readonly label: string;
  readonly role: SlotMeaning["role"];
  readonly rank: number;
  /** Column of the running mean in brackets, which is what counts on held-out data; -1. */
  readonly mean: number;
  /** Column of N in n/N where that makes a share; -1. */
  readonly share: number;
  /** Columns of the further terms of a list under one header, which are added. */
  readonly parts: readonly number[];
  readonly log: boolean;
  readonly behaviour: Behaviour;
  readonly nameless: boolean;
}

export function curvesOf(judged: readonly Judged[], counters: Counters): Curve[] {
  const curves: Curve[] = [];
  const names = new Set<string>();
  for (const j of judged) {
    const { slot, name, meaning } = j;
    if (
      slot.index === counters.step ||
      slot.isTotal ||
      (slot.index === counters.epoch && j.behaviour.integer)
    )
      continue;
    if (slot.meanOf >= 0) {
      const parent = judged[slot.meanOf]!;
      if (/^(?:loss|accuracy)$/.test(parent.meaning.role))
        curves.push(curve(j, `${parent.name} (mean)`, { role: "other", rank: 0 }, null, judged));
      continue;
    }
    if (slot.aside) continue;
    if (name === "") {
      if (slot.unit === "" && (!j.behaviour.integer || j.behaviour.nonFinite > 0))
        curves.push({ ...curve(j, "", meaning, null, judged), nameless: true });
      continue;
    }
    if (meaning.role === "time" || meaning.role === "throughput" || meaning.role === "rank") continue;
    // "Test: 47" says how many there are
    const counts = /^(?:test|val|valid|validation)$/i.test(name) && j.behaviour.integer && j.behaviour.n < 3;
    const veto = /^(?:loss|validation)$/.test(meaning.role) && (isCounterLike(j) || counts);
    const held = slot.held ?? (meaning.role === "validation" ? true : null);
    const made = curve(j, name, veto ? { role: "other", rank: 0 } : meaning, held, judged);
    if (names.has(made.name)) continue;
    names.add(made.name);
    curves.push(made);
  }
  return curves;
}

/** Named like a loss, but it counts: a long even rise of whole numbers. */
export function isCounterLike({ behaviour: b }: Judged): boolean {
  return b.integer && b.n >= 5 && b.rising >= 0.97 && b.even > 0.9 && !b.constant;
}

export function curve(
  j: Judged,
  label: string,
  meaning: SlotMeaning,
  held: boolean | null,
  judged: readonly Judged[],
): Curve {
  const heldName = speaksOfValidation(label) ? label : `valid ${label}`;
  const flips =
    meaning.role === "loss" ||
    meaning.role === "accuracy" ||
    meaning.role === "perplexity" ||
    meaning.role === "score";
  const isHeld = held === true && flips;
  const mean = judged.find((o) => o.slot.meanOf === j.slot.index)?.slot.index ?? -1;
  return {
    column: isHeld && mean >= 0 ? mean : j.slot.index,
    name: isHeld ? heldName : label,
    heldName: flips && held !== false && !speaksOfTraining(label) ? heldName : label,
    label,
    role: isHeld ? heldRole(meaning.role) : meaning.role,
    rank: meaning.rank,
    mean,
    share: j.slot.total >= 0 && /ccuracy/.test(meaning.role) ? j.slot.total : -1,
    parts: [],
    log: false,
    behaviour: j.behaviour,
    nameless: false,
  };
}

function heldRole(role: SlotMeaning["role"]): SlotMeaning["role"] {
  if (role === "loss") return "validation";
  return role === "accuracy" ? "validationAccuracy" : role;
}

/** Role and rank of a series' name for `finishRuns`. */
export function meaningFor(c: Curve, held: boolean): Meaning {
  const role = held ? heldRole(c.role) : c.role;
  const known =
    role === "loss" ||
    role === "lr" ||
    role === "gradNorm" ||
    role === "validation" ||
    role === "accuracy" ||
    role === "validationAccuracy" ||
    role === "lossScale" ||
    role === "clippedShare" ||
    role === "skipped" ||
    role === "nanCount" ||
    role === "epoch";
  return { role: known ? role : "other", rank: c.rank };
}

/** An epoch with a fraction, which is drawn beside the loss. */
export const isFractionalEpoch = ({ role }: Curve): boolean => role === "epoch";
