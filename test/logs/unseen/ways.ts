/** Where validation stands, how a second run begins, and what a curve may be other than a loss. */
import type { Objective } from "../../../src/run/log.ts";
import type { Field } from "./counters.ts";
import type { Layout } from "./lines.ts";
import type { Names } from "./names.ts";
import type { Element } from "./told.ts";

export interface Validation extends Element {
  readonly how: "none" | "column" | "lines";
  readonly kinds: readonly Layout["kind"][];
  /** Names the split in every record: a name for the field, or none for a word in front, and the two words. */
  readonly split?: readonly [string, string, string];
  /** The lines of one validation, after the record with these counters. */
  readonly write?: (
    loss: Field,
    counters: readonly Field[],
    layout: Layout,
    names: Names,
  ) => readonly string[];
}

const all = ["line", "table", "bar", "data"] as const;
const said = (counters: readonly Field[]): string =>
  counters.map((f) => `${f.name} ${f.text}`.trim()).join(" ");

/** The loss by a name that says nothing of its data: one function prints training and validation. */
export const neutralName = (names: Names): string =>
  names.loss.replace(/^(?:train(?:ing)?|trn)[\s_/-]?(?=loss)/i, "");
const neutral = (loss: Field, names: Names): Field => ({ ...loss, name: neutralName(names) });

export const VALIDATIONS: readonly Validation[] = [
  { id: "none", half: 0, how: "none", kinds: all },
  { id: "column", half: 0, how: "column", kinds: ["line", "table", "data"] },
  {
    id: "same-layout",
    half: 0,
    how: "lines",
    kinds: ["line", "data"],
    write: (loss, counters, layout) => layout.write([...counters, loss], 1),
  },
  {
    id: "sentence",
    half: 0,
    how: "lines",
    kinds: ["line", "bar", "data"],
    write: (loss) => [`Validation loss: ${loss.text}`],
  },
  {
    id: "stars",
    half: 0,
    how: "lines",
    kinds: ["line", "bar"],
    write: (loss, counters) => [`*** ${said(counters)} ${loss.name} = ${loss.text} ***`],
  },
  { id: "nothing", half: 1, how: "none", kinds: all },
  { id: "beside", half: 1, how: "column", kinds: ["line", "table", "data"] },
  {
    id: "phase",
    half: 1,
    how: "lines",
    kinds: ["line"],
    write: (loss, counters, layout, names) => [
      "Running evaluation on the validation set...",
      ...layout.write([...counters, neutral(loss, names)], 1),
    ],
  },
  {
    id: "split-field",
    half: 1,
    how: "lines",
    kinds: ["data"],
    split: ["split", "train", "valid"],
    write: (loss, counters, layout, names) =>
      layout.write([{ key: "word", name: "split", text: "valid" }, ...counters, neutral(loss, names)], 1),
  },
  {
    id: "split-tag",
    half: 1,
    how: "lines",
    kinds: ["line"],
    split: ["", "(train) ", "(val) "],
    write: (loss, counters, layout, names) => {
      const [first, ...more] = layout.write([...counters, neutral(loss, names)], 1);
      return [`(val) ${first}`, ...more];
    },
  },
  {
    id: "with-best",
    half: 1,
    how: "lines",
    kinds: ["line", "bar"],
    write: (loss) => [`evaluation: loss ${loss.text} [best so far kept]`],
  },
  {
    id: "indented",
    half: 1,
    how: "lines",
    kinds: ["line", "bar", "data"],
    write: (loss) => ["  => validating", `     held-out loss ...... ${loss.text}`],
  },
];

export interface Start extends Element {
  readonly runs: number;
  /** Lines above run number k, which counts from one. */
  readonly lines: (k: number, runs: number) => readonly string[];
}

export const STARTS: readonly Start[] = [
  { id: "single", half: 0, runs: 1, lines: () => [] },
  { id: "alone", half: 0, runs: 1, lines: () => [] },
  { id: "one", half: 0, runs: 1, lines: () => [] },
  { id: "banner", half: 0, runs: 2, lines: (k, n) => ["", `========== Run ${k}/${n} ==========`] },
  { id: "silent", half: 0, runs: 2, lines: () => [] },
  { id: "once", half: 1, runs: 1, lines: () => [] },
  { id: "lonely", half: 1, runs: 1, lines: () => [] },
  { id: "only", half: 1, runs: 1, lines: () => [] },
  { id: "command", half: 1, runs: 2, lines: (k) => [`$ python train.py --config exp.yaml --seed ${k}`] },
  { id: "fold", half: 1, runs: 3, lines: (k) => [`Fold ${k}`, "-".repeat(20)] },
  {
    id: "new-model",
    half: 1,
    runs: 2,
    lines: (k) => [`Training model ${["resnet18", "vit_tiny"][k - 1]} ...`],
  },
];

export interface Aim extends Element {
  readonly objective: Objective;
  /** Names of the columns in place of the loss, and which side of the course each shows. */
  readonly columns: readonly (readonly [string, "loss" | "accuracy" | "gradNorm" | "exp"])[];
}

export const AIMS: readonly Aim[] = [
  { id: "perplexity", half: 0, objective: "perplexity", columns: [["perplexity", "exp"]] },
  { id: "accuracy-only", half: 0, objective: "accuracy-only", columns: [["accuracy", "accuracy"]] },
  {
    id: "two-players",
    half: 0,
    objective: "adversarial",
    columns: [
      ["D_loss", "gradNorm"],
      ["G_loss", "loss"],
    ],
  },
  { id: "ppl", half: 1, objective: "perplexity", columns: [["ppl", "exp"]] },
  {
    id: "policy",
    half: 1,
    objective: "reinforcement",
    columns: [
      ["mean reward", "accuracy"],
      ["policy loss", "gradNorm"],
      ["value loss", "loss"],
      ["entropy", "gradNorm"],
    ],
  },
  {
    id: "discriminator",
    half: 1,
    objective: "adversarial",
    columns: [
      ["generator loss", "loss"],
      ["discriminator loss", "gradNorm"],
    ],
  },
];
