/** A known run in a random style: what is printed is known number by number, so that a reader can be held to it. */
import { ASSIGN, clock, DELIMITERS, LANGUAGES, NANS, NOISE, PREFIXES, SPELLINGS } from "./words.ts";

export interface Curve {
  readonly steps: number[];
  readonly values: number[];
}

export interface Truth {
  readonly runs: { readonly loss: Curve; readonly validation: Curve | null; readonly lr: Curve | null }[];
  /** The elements this log is made of. */
  readonly style: readonly string[];
}

type Random = () => number;

/** Mulberry32. */
export function seeded(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

interface Point {
  readonly epoch: number;
  readonly inEpoch: number;
  readonly step: number;
  readonly loss: { text: string; value: number };
  readonly lr: { text: string; value: number };
  /** After this point, when the run validates. */
  readonly validation: { text: string; value: number } | null;
}

interface Style {
  readonly random: Random;
  readonly used: string[];
  readonly names: { loss: string; validation: string; lr: string; epoch: string; step: string };
  readonly assign: string;
  readonly delimiter: string;
  readonly perEpoch: number;
  readonly epochs: number;
  readonly hasLr: boolean;
  readonly validates: "none" | "same" | "line" | "prefix" | "phase";
}

const choose =
  (random: Random, used: string[]) =>
  <T>(kind: string, from: readonly T[], show: (t: T) => string = String): T => {
    const one = from[Math.floor(random() * from.length)]!;
    used.push(`${kind}:${show(one)}`);
    return one;
  };

/** A log and what is in it, the same for the same seed. */
export function generate(seed: number): { text: string; truth: Truth } {
  const random = seeded(seed * 7919 + 17);
  const used: string[] = [];
  const pick = choose(random, used);
  const layout = pick("layout", Object.keys(LAYOUTS));
  const language = pick(
    "language",
    LANGUAGES.length > 0 && random() < 0.55 ? [LANGUAGES[0]!] : LANGUAGES,
    (l) => l.id,
  );
  const spelling = pick("spelling", Object.keys(SPELLINGS));
  const isTable = layout.startsWith("table");
  const plain = isTable || layout === "dictionary" || layout === "json";
  const spell = SPELLINGS[plain && /tensor|numpy|bracket|quoted|comma/.test(spelling) ? "fixed4" : spelling]!;
  const spellLr = spelling === "comma" && !plain ? SPELLINGS["comma"]! : SPELLINGS["full"]!;
  const commas = spelling === "comma" && !plain;
  const style: Style = {
    random,
    used,
    names: {
      loss: pick("loss", language.loss),
      validation: pick("validation", language.validation),
      lr: pick("lr", language.lr),
      epoch: pick("epoch", language.epoch),
      step: pick("step", language.step),
    },
    assign: pick("assign", ASSIGN),
    delimiter: pick("delimiter", commas ? DELIMITERS.filter((d) => !d.includes(",")) : DELIMITERS),
    perEpoch: 5 * pick("per epoch", [2, 4, 8]),
    epochs: pick("epochs", [2, 3, 5]),
    hasLr: random() < 0.6,
    validates: pick("validates", ["none", "same", "line", "prefix", "phase"] as const),
  };
  const prefix = PREFIXES[plain ? "none" : pick("prefix", Object.keys(PREFIXES))]!;
  const noise = random() < 0.5 ? pick("noise", Object.keys(NOISE)) : null;
  const nan = !commas && random() < 0.15 ? pick("nan", NANS) : null;
  const ranks = !isTable && layout !== "bar" && random() < 0.08 ? 2 : 1;
  // a bar without epochs that begins again may be the next epoch or the next run
  const runs = layout !== "bar" && layout !== "bracketOf" && random() < 0.1 ? 2 : 1;
  const colour = random() < 0.1;
  const end = pick("end", ["\n", "\n", "\n", "\r\n"], (e) => JSON.stringify(e));
  used.push(`ranks:${ranks}`, `runs:${runs}`, `colour:${colour}`, `lr:${style.hasLr}`);
  const lines: string[] = [];
  const truth: Truth = { runs: [], style: used };
  let count = 0;
  for (let run = 0; run < runs; run++) {
    const points = course(style, spell, spellLr, run === runs - 1 ? nan : null);
    const laid = LAYOUTS[layout]!(style, points);
    truth.runs.push(laid.truth);
    for (const text of laid.lines) {
      const line = prefix(count++) + (colour ? `\u001b[32m${text}\u001b[0m` : text);
      for (let rank = 0; rank < ranks; rank++) lines.push(line);
      if (noise && random() < 0.15 && !isTable) lines.push(prefix(count) + NOISE[noise]!(count));
    }
  }
  return { text: lines.join(end) + end, truth };
}

/** The course of a run: an exponential fall with noise. */
function course(
  style: Style,
  spell: (v: number) => { text: string; value: number },
  spellLr: (v: number) => { text: string; value: number },
  nan: string | null,
): Point[] {
  const { random, perEpoch, epochs } = style;
  const every = perEpoch / (perEpoch > 10 ? 5 : 2);
  const points: Point[] = [];
  const total = perEpoch * epochs;
  const start = 1 + 3 * random();
  const rate = 2 + 2 * random();
  for (let step = every; step <= total; step += every) {
    const at = step / total;
    const raw = start * (0.1 + Math.exp(-rate * at)) * (1 + 0.05 * (random() - 0.5));
    const dead = nan !== null && at > 0.7;
    const epoch = Math.ceil(step / perEpoch);
    const inEpoch = step - (epoch - 1) * perEpoch;
    points.push({
      epoch,
      inEpoch,
      step,
      loss: dead ? { text: nan, value: Number.NaN } : spell(raw),
      lr: spellLr(Number((0.001 * (1 - 0.9 * at)).toPrecision(4))),
      validation: inEpoch === perEpoch ? spell(raw * 1.1 + 0.1 + 0.01 * random()) : null,
    });
  }
  return points;
}

interface Laid {
  readonly lines: string[];
  readonly truth: Truth["runs"][number];
}

type Layout = (style: Style, points: readonly Point[]) => Laid;

const field = (style: Style, name: string, value: string): string => `${name}${style.assign}${value}`;

function curveOf(
  points: readonly Point[],
  value: (p: Point) => number,
  step: (p: Point) => number = (p) => p.step,
): Curve {
  return { steps: points.map(step), values: points.map(value) };
}

function truthOf(
  style: Style,
  points: readonly Point[],
  step: (p: Point) => number = (p) => p.step,
  validates: boolean = style.validates !== "none",
): Laid["truth"] {
  const validated = points.filter((p) => p.validation !== null);
  return {
    loss: curveOf(points, (p) => p.loss.value, step),
    validation: validates ? curveOf(validated, (p) => p.validation!.value, step) : null,
    lr: style.hasLr ? curveOf(points, (p) => p.lr.value, step) : null,
  };
}

/** The lines that report a validation after a point, where it is not in the same line. */
function validationLines(style: Style, p: Point, counter: string): string[] {
  if (!p.validation) return [];
  const { names, delimiter, validates } = style;
  if (validates === "line")
    return [`${counter}${delimiter}${field(style, names.validation, p.validation.text)}`];
  if (validates === "prefix")
    return [
      `Validation: ${counter}${delimiter}${field(style, names.loss.replace(/^(?:train(?:ing)?[_/ ]|Trainings|训练|訓練)/i, ""), p.validation.text)}`,
    ];
  if (validates === "phase")
    return [
      "Running validation ...",
      `${counter}${delimiter}${field(style, names.loss.replace(/^(?:train(?:ing)?[_/ ]|Trainings|训练|訓練)/i, ""), p.validation.text)}`,
    ];
  return [];
}

/** One line a point: a counter in some form, then the fields. */
function lineLayout(
  counter: (style: Style, p: Point) => string,
  validationCounter: (style: Style, p: Point) => string = counter,
): Layout {
  return (style, points) => {
    // a phase line speaks of names that don't say training themselves
    const mayPhase = !/train|训练|訓練/i.test(style.names.loss);
    const own: Style = style.validates === "phase" && !mayPhase ? { ...style, validates: "line" } : style;
    const lines = points.flatMap((p) => {
      const fields = [field(own, own.names.loss, p.loss.text)];
      if (own.hasLr) fields.push(field(own, own.names.lr, p.lr.text));
      if (own.validates === "same" && p.validation)
        fields.push(field(own, own.names.validation, p.validation.text));
      return [
        `${counter(own, p)}${own.delimiter}${fields.join(own.delimiter)}`,
        ...validationLines(own, p, validationCounter(own, p)),
      ];
    });
    return { lines, truth: truthOf(own, points) };
  };
}

function epochOnly(points: readonly Point[]): Point[] {
  return points.filter((p) => p.validation !== null);
}

const pad = (text: string, width: number): string => text.padStart(width);

function table(
  style: Style,
  points: readonly Point[],
  draw: (cells: readonly string[], header: boolean) => string,
  { rule, again }: { rule?: string; again?: boolean } = {},
): Laid {
  const one = epochOnly(points);
  const validates = style.validates !== "none";
  const word = (name: string): string => name.replaceAll(" ", "_");
  const head = [
    word(style.names.epoch),
    word(style.names.loss),
    ...(validates ? [word(style.names.validation)] : []),
    ...(style.hasLr ? [word(style.names.lr)] : []),
  ];
  const row = (p: Point): string[] => [
    String(p.epoch),
    p.loss.text.trim(),
    ...(validates ? [p.validation!.text.trim()] : []),
    ...(style.hasLr ? [p.lr.text] : []),
  ];
  const lines = [draw(head, true), ...(rule ? [rule] : [])];
  one.forEach((p, i) => {
    if (again && i > 0) lines.push("", draw(head, true));
    lines.push(draw(row(p), false));
  });
  return { lines, truth: truthOf(style, one, (p) => p.epoch, validates) };
}

const LAYOUTS: Readonly<Record<string, Layout>> = {
  step: lineLayout((s, p) => field(s, s.names.step, String(p.step))),
  stepSpace: lineLayout((s, p) => `${s.names.step} ${p.step}`),
  stepOf: lineLayout((s, p) => `${s.names.step} ${p.step}/${s.perEpoch * s.epochs}`),
  bracketStep: lineLayout((_, p) => `[${pad(String(p.step), 6)}]`),
  bracketOf: lineLayout((s, p) => `[${p.step}/${s.perEpoch * s.epochs}]`),
  epochAndStep: lineLayout((s, p) => `${s.names.epoch} ${p.epoch}${s.delimiter}${s.names.step} ${p.step}`),
  epochStepInside: lineLayout(
    (s, p) => `${s.names.epoch} [${p.epoch}/${s.epochs}], ${s.names.step} [${p.inEpoch}/${s.perEpoch}]`,
  ),
  imagenet: lineLayout(
    (s, p) => `${s.names.epoch}: [${p.epoch}][${pad(String(p.inEpoch), 3)}/${s.perEpoch}]`,
  ),
  mnist: lineLayout(
    (s, p) =>
      `${s.names.epoch}: ${p.epoch} [${p.inEpoch}/${s.perEpoch} (${Math.round((100 * p.inEpoch) / s.perEpoch)}%)]`,
  ),
  batchOf: lineLayout(
    (s, p) => `${s.names.epoch} ${p.epoch}${s.delimiter}batch ${p.inEpoch} of ${s.perEpoch}`,
  ),
  sentence(style, points) {
    const { names, random } = style;
    const word = random() < 0.5 ? "at" : "after";
    const own: Style = { ...style, hasLr: false, validates: style.validates === "none" ? "none" : "line" };
    const lines = points.flatMap((p) => [
      `${names.loss} ${word} ${names.step} ${p.step}: ${p.loss.text}`,
      ...(own.validates === "line" && p.validation
        ? [`${names.validation} ${word} ${names.step} ${p.step}: ${p.validation.text}`]
        : []),
    ]);
    return { lines, truth: truthOf(own, points) };
  },
  glued(style, points) {
    const one = epochOnly(points);
    const own: Style = { ...style, validates: style.validates === "none" ? "none" : "same" };
    const lines = one.map((p) => {
      const fields = [field(own, own.names.loss, p.loss.text)];
      if (own.validates === "same") fields.push(field(own, own.names.validation, p.validation!.text));
      if (own.hasLr) fields.push(field(own, own.names.lr, p.lr.text));
      return `Epoch${p.epoch} ${fields.join(own.delimiter)}`;
    });
    return { lines, truth: truthOf(own, one, (p) => p.epoch) };
  },
  epochLine(style, points) {
    const one = epochOnly(points);
    const own: Style = { ...style, validates: style.validates === "none" ? "none" : "same" };
    const lines = one.map((p) => {
      const fields = [field(own, own.names.loss, p.loss.text)];
      if (own.validates === "same") fields.push(field(own, own.names.validation, p.validation!.text));
      if (own.hasLr) fields.push(field(own, own.names.lr, p.lr.text));
      return `${own.names.epoch} ${p.epoch}/${own.epochs}${own.delimiter}${fields.join(own.delimiter)}`;
    });
    return { lines, truth: truthOf(own, one, (p) => p.epoch) };
  },
  keras(style, points) {
    const one = epochOnly(points);
    const validates = style.validates !== "none";
    const lines = one.flatMap((p) => [
      `Epoch ${p.epoch}/${style.epochs}`,
      `${style.perEpoch}/${style.perEpoch} [==============================] - ${3 + (p.epoch % 3)}s 3ms/step - loss: ${p.loss.text.trim()}${validates ? ` - val_loss: ${p.validation!.text.trim()}` : ""}${style.hasLr ? ` - lr: ${p.lr.text}` : ""}`,
    ]);
    return { lines, truth: truthOf(style, one, (p) => p.epoch * style.perEpoch, validates) };
  },
  bar(style, points) {
    const total = style.perEpoch * style.epochs;
    const own: Style = { ...style, validates: "none" };
    const drawn = points.map((p) => {
      const share = Math.round((100 * p.step) / total);
      const full = Math.round(share / 10);
      return `${pad(String(share), 3)}%|${"█".repeat(full)}${" ".repeat(10 - full)}| ${p.step}/${total} [00:${clock(p.step).slice(6)}<00:${clock(total).slice(6)}, ${(4 + style.random()).toFixed(2)}it/s, ${own.names.loss.replaceAll(" ", "_")}=${p.loss.text.trim()}${own.hasLr ? `, ${own.names.lr.replaceAll(" ", "_")}=${p.lr.text}` : ""}]`;
    });
    return { lines: [drawn.join("\r")], truth: truthOf(own, points) };
  },
  dictionary(style, points) {
    const lines = points.flatMap((p) => [
      `{'loss': ${p.loss.text.trim()}, 'learning_rate': ${p.lr.text}, 'step': ${p.step}, 'epoch': ${(p.step / style.perEpoch).toFixed(2)}}`,
      ...(style.validates !== "none" && p.validation
        ? [
            `{'eval_loss': ${p.validation.text.trim()}, 'eval_runtime': 2.5, 'step': ${p.step}, 'epoch': ${(p.step / style.perEpoch).toFixed(2)}}`,
          ]
        : []),
    ]);
    return { lines: ["starting", ...lines], truth: truthOf({ ...style, hasLr: true }, points) };
  },
  json(style, points) {
    const lines = points.map(
      (p) =>
        `metrics ${`{"step": ${p.step}, "train_loss": ${p.loss.text.trim().replace(/^nan.*|^-.*|^1\.#.*/i, "NaN")}${style.hasLr ? `, "lr": ${p.lr.text}` : ""}}`}`,
    );
    return { lines, truth: truthOf(style, points, (p) => p.step, false) };
  },
  blockAfter(style, points) {
    const own: Style = { ...style, validates: "none" };
    const lines = points.flatMap((p) => [
      `${own.names.step}: ${p.step}`,
      `  ${field(own, own.names.loss, p.loss.text)}`,
      ...(own.hasLr ? [`  ${field(own, own.names.lr, p.lr.text)}`] : []),
    ]);
    return { lines, truth: truthOf(own, points) };
  },
  blockBefore(style, points) {
    const own: Style = { ...style, validates: "none" };
    const lines = points.flatMap((p) => [
      field(own, own.names.loss, p.loss.text),
      ...(own.hasLr ? [field(own, own.names.lr, p.lr.text)] : []),
      `finished ${own.names.step} ${p.step}`,
    ]);
    return { lines, truth: truthOf(own, points) };
  },
  epochHeading(style, points) {
    const one = epochOnly(points);
    const own: Style = { ...style, hasLr: false, validates: style.validates === "none" ? "none" : "same" };
    const lines = one.flatMap((p) => [
      `${own.names.epoch} ${p.epoch}/${own.epochs}`,
      "----------",
      field(own, own.names.loss, p.loss.text),
      ...(own.validates === "same" ? [field(own, own.names.validation, p.validation!.text)] : []),
      "",
    ]);
    return { lines, truth: truthOf(own, one, (p) => p.epoch) };
  },
  tableSpaces: (s, points) => table(s, points, (cells) => cells.map((c) => pad(c, 14)).join(" ")),
  tableLeft: (s, points) => table(s, points, (cells) => cells.map((c) => c.padEnd(28)).join("")),
  tablePipe: (s, points) =>
    table(s, points, (cells) => `| ${cells.map((c) => pad(c, 14)).join(" | ")} |`, {
      rule: "|----------------|----------------|",
    }),
  tableBox: (s, points) =>
    table(s, points, (cells) => `│ ${cells.map((c) => pad(c, 14)).join(" │ ")} │`, {
      rule: "├────────────────┼────────────────┤",
    }),
  tableAgain: (s, points) =>
    table(s, points, (cells) => cells.map((c) => pad(c, 14)).join(" "), { again: true }),
  tableTabs: (s, points) => table(s, points, (cells) => cells.join("\t")),
  tableRuled: (s, points) =>
    table(s, points, (cells) => cells.map((c) => pad(c, 12)).join("  "), {
      rule: "-----------  -----------",
    }),
};

/** Every element a log can be made of, for counting. */
export function elements(): number {
  const names = LANGUAGES.reduce(
    (n, l) => n + l.loss.length + l.validation.length + l.lr.length + l.epoch.length + l.step.length,
    0,
  );
  return (
    names +
    ASSIGN.length +
    DELIMITERS.length +
    Object.keys(SPELLINGS).length +
    NANS.length +
    Object.keys(PREFIXES).length +
    Object.keys(NOISE).length +
    Object.keys(LAYOUTS).length
  );
}
