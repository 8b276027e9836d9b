/** The rates of a run that was steered, as an address holds them. */

/** From a step on, a rate. */
export type RateChange = readonly [step: number, lr: number];

/** "0:0.05,120:0.01"; null when it is no such list, rising from step 0. */
export function readRates(text: string): RateChange[] | null {
  const changes = text.split(",").map((part): RateChange => {
    const [step, lr, ...rest] = part.split(":").map(Number);
    return rest.length === 0 ? [step ?? Number.NaN, lr ?? Number.NaN] : [Number.NaN, Number.NaN];
  });
  const fine = changes.every(
    ([step, lr], i) =>
      Number.isInteger(step) && lr > 0 && lr <= 10 && (i === 0 ? step === 0 : step > changes[i - 1]![0]),
  );
  return fine ? changes : null;
}

export const writeRates = (changes: readonly RateChange[]): string =>
  changes.length < 2 ? "" : changes.map(([step, lr]) => `${step}:${lr}`).join(",");
