/** The rates of a run that was steered, and its optimizers where they changed too, as an address holds them. */

/** From a step on, a rate, and where it is another one, an optimizer. */
export type RateChange<Name extends string = never> = readonly [step: number, lr: number, optimizer?: Name];

/**
 * "0:0.05,120:0.01", or with optimizers "0:0.05:sgd,120:0.01:adam"; null when it is no such list, rising from step 0.
 * Names other than `optimizers` are refused.
 */
export function readRates<const Name extends string = never>(
  text: string,
  optimizers: readonly Name[] = [],
): RateChange<Name>[] | null {
  const changes: RateChange<Name>[] = [];
  for (const part of text.split(",")) {
    const [step = "", lr = "none", name, ...rest] = part.split(":");
    const [at, rate] = [Number(step), Number(lr)];
    const rises = changes.length === 0 ? at === 0 : at > changes.at(-1)![0];
    const fine = step !== "" && Number.isInteger(at) && rises && rate > 0 && rate <= 10 && rest.length === 0;
    const optimizer = optimizers.find((o) => o === name);
    if (!fine || (name !== undefined && optimizer === undefined)) return null;
    changes.push(optimizer === undefined ? [at, rate] : [at, rate, optimizer]);
  }
  return changes;
}

/** "" for a run that was never steered: the other controls say its rate and optimizer. */
export const writeRates = (changes: readonly RateChange<string>[]): string =>
  changes.length < 2 ? "" : changes.map((change) => change.join(":")).join(",");
