/** Small patterns over the pieces of a line: counters in brackets, ranges, glued units, line numbers. */
import type { Piece } from "./template.ts";
import { NUMBER, OPAQUE, WORD } from "./tokens.ts";
import { isCounterWord, isMetric, slotMeaning } from "./words.ts";

/** `1epoch`, `682batch`: what a number counts, glued to it. */
export const COUNTED_UNIT: RegExp =
  /^(?:epochs?|ep|steps?|iters?|iterations?|it|batch(?:es)?|updates?|episodes?)$/i;

/** The first number of `40-49`: the last says how far the training is. */
export function startsRange(pieces: readonly Piece[], k: number): boolean {
  const [from, dash, to] = pieces.slice(k, k + 3);
  return (
    from?.unit === "" &&
    dash?.text === "-" &&
    to?.kind === NUMBER &&
    dash.start === from.end &&
    to.start === dash.end &&
    /^\d+$/.test(from.text) &&
    /^\d+(?![.\d])/.test(to.text) &&
    Number(from.text) < Number.parseInt(to.text, 10)
  );
}

/** `|grad|`, `||g||`: how many strokes stand on each side of the gradient's word that begins here; 0 where none does. */
export function magnitudeAt(pieces: readonly Piece[], k: number): number {
  for (const strokes of [1, 2]) {
    const part = pieces.slice(k, k + 2 * strokes + 1);
    const word = part[strokes];
    if (word?.kind !== WORD || !/^(?:g|grad|gradient)$/i.test(word.text) || part.length <= 2 * strokes)
      continue;
    const drawn = part.every((p, i) => i === strokes || p.text === "|");
    if (drawn && part.every((p, i) => i === 0 || p.start === part[i - 1]!.end)) return strokes;
  }
  return 0;
}

/** `50:{'loss': …`: a number and a colon glued before the line, as grep puts them. */
export function isLineNumber(pieces: readonly Piece[]): boolean {
  const [number, colon, next] = pieces;
  return (
    number?.start === 0 &&
    colon?.text === ":" &&
    next !== undefined &&
    next.kind !== NUMBER &&
    next.start === colon.end
  );
}

/** What a logger puts in front: the place in the source of `main:train:118 - `, the thread of `09:00:00 17442 solver.cpp:237]`. */
export function isInFront(pieces: readonly Piece[], k: number): boolean {
  const text = (i: number): string | undefined => pieces[k + i]?.text;
  const kind = (i: number): number | undefined => pieces[k + i]?.kind;
  const place = kind(-4) === WORD && text(-3) === ":" && kind(-2) === WORD && text(-1) === ":";
  if (place && /^[-|\]]$/.test(text(1) ?? "") && !isCounterWord(text(-2)!))
    return [-3, -2, -1, 0].every((i) => pieces[k + i]!.start === pieces[k + i - 1]!.end);
  return kind(-1) === OPAQUE && kind(1) === OPAQUE && text(2) === "]";
}

/** The N of `[n]/[N]`. */
export function boxedTotal(pieces: readonly Piece[], k: number): boolean {
  const text = (i: number): string | undefined => pieces[k + i]?.text;
  return (
    text(-1) === "[" &&
    text(-2) === "/" &&
    text(-3) === "]" &&
    pieces[k - 4]?.kind === NUMBER &&
    text(1) === "]"
  );
}

/** `1187: 3.27 …` at the beginning of a line. */
export function isNumbered(pieces: readonly Piece[], k: number): boolean {
  return (
    k === 0 && /^\d+$/.test(pieces[0]!.text) && pieces[1]?.text === ":" && pieces[1].start === pieces[0]!.end
  );
}

/** `[1000]` or a number of `[1, 2000]` or `[1, 20/2000]` before any metric of the line. */
export function isBracketed(pieces: readonly Piece[], k: number, wordsBefore: number): boolean {
  if (wordsBefore > 3 || !/^\d+$/.test(pieces[k]!.text)) return false;
  const open = pieces[k - 1]?.text === "[";
  const close = pieces[k + 1]?.text === "]";
  if (open && close) return true;
  const comma = (i: number): boolean => pieces[i]?.text === ",";
  const of = (i: number): boolean =>
    pieces[i]?.text === "/" && pieces[i + 1]?.kind === NUMBER && pieces[i + 2]?.text === "]";
  if (open && comma(k + 1))
    return pieces[k + 2]?.kind === NUMBER && (pieces[k + 3]?.text === "]" || of(k + 3));
  return (
    (close || of(k + 1)) && comma(k - 1) && pieces[k - 2]?.kind === NUMBER && pieces[k - 3]?.text === "["
  );
}

/** 第1轮, 3 エポック, 5에포크: the counter's word stands behind its number, with the next name glued on at times. */
export function countedBehind(
  pieces: readonly Piece[],
  k: number,
  label: string,
): { label: string; rest: string } | null {
  const word = pieces[k + 1];
  if (word?.kind !== WORD || (word.start > pieces[k]!.end && !/第$/.test(label))) return null;
  if (label !== "" && !/第$/.test(label)) return null;
  const match =
    /^(轮次?|輪|步骤?|次迭代|个?周期|代|回合|エポック目?|ステップ目?|回目?|에포크|에폭|단계|스텝|번째)(.*)$/u.exec(
      word.text,
    );
  if (!match) return null;
  return { label: /^(?:次迭代|代|回合|回)/u.test(match[1]!) ? "iteration" : match[1]!, rest: match[2]! };
}

/** "Average loss at step", "Cost after iteration", "train loss epoch": a metric's name before its counter's. */
export function splitCounter(label: string): { metric: string; counter: string } | null {
  const match =
    /^(.+?)[\s_](?:(?:at|after|in|on|for|of|end of|nach|bei|in|apres|après|tras|após|a|al|на|после|на шаге)\s)?(\S+)$/i.exec(
      label,
    );
  if (!match || !isCounterWord(match[2]!.replace(/batches$/, "batch"))) return null;
  const metric = match[1]!
    .replace(/\s(?:at|after|in|on|for|of|the|end|nach|bei|после|на)$/i, "")
    .replace(/\s(?:at|after|in|on|for|of|the|end)$/i, "");
  const { role } = slotMeaning(metric);
  return (isMetric(role) || role === "lr") && !/[_]$/.test(metric) && /\s/.test(label)
    ? { metric, counter: match[2]! }
    : null;
}

/** "reducing learning rate of group 0 to 5e-4": the first number says which group, the second is the rate. */
export const lrOfGroup = (label: string): boolean =>
  /(?:\blr|learning[ _]rate)\s(?:of|for)\s(?:param(?:eter)?\s)?group$/i.test(label);

/** From `at` on: number, word, number, word … and nothing else. */
export function alternates(pieces: readonly Piece[], at: number): boolean {
  const rest = pieces.slice(at);
  return (
    rest.length >= 4 &&
    rest.length % 2 === 0 &&
    rest.every((p, i) => p.kind === (i % 2 === 0 ? NUMBER : WORD))
  );
}
