/** Scanned lines → rows: which number is the step, what carries over from line to line, what is held-out. */
import type { Role } from "../../run/log.ts";
import { type Meaning, meaningOf, normalise, speaksOfValidation } from "../columns.ts";
import { flatten, isRecord, parseLoose } from "../loose-json.ts";
import type { Recorder } from "../recorder.ts";
import { type Pair, type ScannedLine, scanLine } from "../text-scan.ts";
import type { ReadOptions } from "../types.ts";

export interface TextRows {
  line(text: string): void;
  /** Rows with a loss that came with a step, and that came without one. */
  readonly numberedRows: number;
  readonly countedRows: number;
  readonly dictionaries: number;
  readonly metricLines: number;
}

interface Found {
  readonly name: string;
  readonly value: number;
  readonly role: Role | "step";
  readonly rank: number;
  readonly total: number | undefined;
}

/** A line with one of these is a row; other numbers on it are kept along. */
const TELLING: ReadonlySet<string> = new Set<Role>([
  "loss",
  "lr",
  "gradNorm",
  "validation",
  "accuracy",
  "validationAccuracy",
  "lossScale",
  "skipped",
  "nanCount",
]);
const MAX_NAMES = 512;

export function createTextRows({
  numbered,
  counted,
  options,
}: {
  numbered: Recorder;
  counted: Recorder;
  options: ReadOptions;
}): TextRows {
  const meanings = new Map<string, Meaning>();
  let numberedRows = 0;
  let countedRows = 0;
  let dictionaries = 0;
  let metricLines = 0;
  let epoch: number | undefined;
  let epochBase: number | undefined;
  let barOffset = 0;
  let barLast = 0;
  let barTotal = 0;
  const withStep = new Set<string>();

  const meaning = (name: string): Meaning => {
    const known = meanings.get(name);
    if (known) return known;
    let found = meaningOf(name);
    const is = (wanted: string | undefined): boolean =>
      wanted !== undefined && (wanted === name || normalise(wanted) === normalise(name));
    if (is(options.loss)) found = { role: "loss", rank: -1 };
    else if (is(options.lr)) found = { role: "lr", rank: -1 };
    else if (is(options.step)) found = { role: "step", rank: -1 };
    if (meanings.size < MAX_NAMES * 8) meanings.set(name, found);
    return found;
  };

  /** "Test: … Loss 1.2": the loss of a line that speaks of held-out data is not the training loss. */
  const named = (pair: Pair): Found => {
    const { role, rank } = meaning(pair.key);
    const { value, total } = pair;
    if (!pair.held || speaksOfValidation(pair.key) || (role !== "loss" && role !== "accuracy")) {
      return { name: pair.key, value, role, rank, total };
    }
    const name = `valid ${pair.key}`;
    return {
      name,
      value: pair.mean ?? value,
      role: role === "loss" ? "validation" : "validationAccuracy",
      rank,
      total,
    };
  };

  const collect = (text: string): { found: Found[]; scan: ScannedLine; dictionary: boolean } => {
    const brace = text.indexOf("{");
    if (brace >= 0) {
      const parsed = parseLoose(text, brace);
      if (parsed && isRecord(parsed.value)) {
        const found: Found[] = [];
        flatten(parsed.value, (name, value) => {
          const { role, rank } = meaning(name);
          found.push({ name, value, role, rank, total: undefined });
        });
        const scan = scanLine(text.slice(0, brace));
        return { found: [...scan.pairs.map(named), ...found], scan, dictionary: found.length > 0 };
      }
    }
    const scan = scanLine(text);
    const found: Found[] = [];
    for (const pair of scan.pairs) {
      if (pair.key.endsWith(".py")) continue;
      const one = named(pair);
      // "Accuracy: 9812/10000" is a share
      const share = pair.total !== undefined && pair.total > 0 && /ccuracy/.test(one.role);
      found.push(share ? { ...one, value: pair.value / pair.total! } : one);
      if (pair.mean !== undefined && (one.role === "loss" || one.role === "accuracy")) {
        found.push({
          name: `${pair.key} (mean)`,
          value: pair.mean,
          role: "other",
          rank: 0,
          total: undefined,
        });
      }
    }
    return { found, scan, dictionary: false };
  };

  /** A bar's own count, made to run on over epochs. */
  const barStep = (n: number, total: number, rowEpoch: number | undefined): number => {
    if (rowEpoch !== undefined && Number.isInteger(rowEpoch)) {
      epochBase ??= rowEpoch === 0 ? 0 : 1;
      return Math.max(0, rowEpoch - epochBase) * total + n;
    }
    if (n < barLast && total === barTotal && barLast >= 0.9 * total) barOffset += total;
    else if (n < barLast) barOffset = 0;
    barLast = n;
    barTotal = total;
    return barOffset + n;
  };

  const line = (text: string): void => {
    if (!mayHoldMetrics(text)) return;
    const { found, scan, dictionary } = collect(text);
    if (found.some((f) => f.name === "train_runtime")) {
      for (const f of found) if (f.role !== "step") numbered.meta[f.name] = counted.meta[f.name] = f.value;
      return;
    }
    let step: Found | undefined;
    let epochHere: number | undefined = scan.epochBatch?.[0];
    let telling = false;
    let heldOut = false;
    let loss = false;
    for (const f of found) {
      if (f.role === "step" && (!step || f.rank < step.rank)) step = f;
      else if (f.role === "epoch") epochHere = f.value;
      else if (TELLING.has(f.role)) telling = true;
      if (f.role === "validation" || f.role === "validationAccuracy") heldOut = true;
      if (f.role === "loss") loss = true;
    }
    if (epochHere !== undefined) {
      if (epoch !== undefined && epochHere < epoch) epochBase = undefined;
      epoch = epochHere;
    }
    if (!telling) return;
    metricLines++;
    if (dictionary) dictionaries++;
    let at: number | undefined;
    if (step) {
      at = step.value;
      if (step.total !== undefined) numbered.meta["maxSteps"] = step.total;
    } else if (scan.epochBatch) at = scan.epochBatch[1];
    else if (scan.progress && !(heldOut && !loss)) {
      at = barStep(scan.progress.n, scan.progress.total, epoch);
      if (epoch !== undefined) numbered.meta["stepsPerEpoch"] = scan.progress.total;
    }
    const values = found.filter((f) => f !== step);
    const curve = loss || heldOut;
    if (at !== undefined) {
      numbered.row(at, epochHere ?? epoch);
      for (const f of values) {
        withStep.add(f.name);
        put(numbered, f.name, f.value);
      }
      if (curve) numberedRows++;
      return;
    }
    counted.row(undefined, epochHere ?? epoch);
    for (const f of values) put(counted, f.name, f.value);
    if (epochHere === undefined && epoch !== undefined) put(counted, "epoch", epoch);
    if (curve) countedRows++;
    if (numbered.hasSteps) {
      // a line without a step says something about the step before it, but is another series
      for (const f of values)
        if (f.role !== "epoch")
          put(numbered, withStep.has(f.name) ? `${f.name} (unnumbered)` : f.name, f.value);
    }
  };

  const put = (recorder: Recorder, name: string, value: number): void => {
    if (recorder.names.length >= MAX_NAMES && !recorder.names.includes(name)) {
      recorder.note("too-many-series", `more than ${MAX_NAMES} names: later ones are not kept`);
      return;
    }
    recorder.put(recorder.series(name), value);
  };

  return {
    line,
    get numberedRows() {
      return numberedRows;
    },
    get countedRows() {
      return countedRows;
    },
    get dictionaries() {
      return dictionaries;
    },
    get metricLines() {
      return metricLines;
    },
  };
}

/** A line without a digit, nan or inf holds no value. */
function mayHoldMetrics(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c >= 48 && c <= 57) return true;
  }
  return /nan|inf/i.test(text);
}
