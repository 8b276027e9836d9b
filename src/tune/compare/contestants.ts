/** Who takes part in a comparison: "sgd:momentum=0.9,adam,adamw" → optimizers with their options. */
import { findOptimizer, makeOptimizer } from "../../optim/index.ts";
import { SteepestError } from "../../run/errors.ts";
import { parseValue } from "../../run/overrides.ts";
import type { Named, RunSpec } from "../../run/spec.ts";

/** An optimizer that takes part in a comparison. */
export interface Contestant {
  /** "sgd", or "sgd momentum=0.9" where options are given. */
  readonly label: string;
  /** Name and options, without a learning rate: that is what the comparison looks for. */
  readonly optimizer: Named;
}

/**
 * Options follow a name after a colon, further ones after a comma: `sgd:momentum=0.9,nesterov=true,adam`. The options
 * that the run file gives its own optimizer hold for that optimizer here too. Throws `usage`, `optimizer` or `option`.
 */
export function parseContestants(
  text: string,
  own?: RunSpec["optimizer"],
  { ratesHelp = "choose the rates for all with --rates, e.g. --rates 1e-4:1" }: { ratesHelp?: string } = {},
): Contestant[] {
  const groups: { name: string; options: Record<string, unknown> }[] = [];
  for (const part of splitOutsideBrackets(text)) {
    const colon = part.indexOf(":");
    const [name, option] = colon >= 0 ? [part.slice(0, colon), part.slice(colon + 1)] : [part, undefined];
    if (colon < 0 && part.includes("=")) {
      const last = groups.at(-1);
      if (last === undefined) throw badOption(part, "which has no optimizer before it");
      Object.assign(last.options, oneOption(part));
      continue;
    }
    groups.push({ name: name.trim(), options: option === undefined ? {} : oneOption(option) });
  }
  if (groups.length === 0) {
    throw new SteepestError("usage", "no optimizer is named", {
      help: "name some: --optimizers sgd,adam,adamw",
    });
  }
  const made = groups.map(({ name, options }) => contestant(name, options, { own, ratesHelp }));
  const twice = made.find((c, i) => made.findIndex((d) => d.label === c.label) < i);
  if (twice) {
    throw new SteepestError("usage", `${twice.label} takes part twice`, {
      help: "give the two different options, e.g. sgd,sgd:momentum=0.9, or name it once",
    });
  }
  return made;
}

function contestant(
  name: string,
  given: Readonly<Record<string, unknown>>,
  { own, ratesHelp }: { own: RunSpec["optimizer"] | undefined; ratesHelp: string },
): Contestant {
  const entry = findOptimizer(name);
  if ("lr" in given) {
    throw new SteepestError(
      "usage",
      `${name}: lr is given in --optimizers, but rates have a flag of their own`,
      {
        help: ratesHelp,
      },
    );
  }
  const { name: _, lr: __, ...inFile } = own?.name === name ? own : { name, lr: undefined };
  const options = { ...inFile, ...given };
  entry.make(options); // names and ranges
  const shown = Object.entries(options).map(([key, value]) => `${key}=${showOption(value)}`);
  return { label: [name, ...shown].join(" "), optimizer: { name, ...options } };
}

/** The optimizer at a rate, as a run file has it. */
export const atRate = ({ optimizer }: Contestant, lr: number): RunSpec["optimizer"] => ({ ...optimizer, lr });

/** Refuses what an optimizer can't do at a rate before hours are spent. Throws `option`. */
export function checkRates({ optimizer }: Contestant, rates: readonly number[]): void {
  const { name, ...options } = optimizer;
  for (const lr of rates) makeOptimizer(name, { ...options, lr });
}

const showOption = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

function oneOption(text: string): Record<string, unknown> {
  const equals = text.indexOf("=");
  if (equals < 1 || equals === text.length - 1) throw badOption(text, "which is not option=value");
  return { [text.slice(0, equals).trim()]: parseValue(text.slice(equals + 1)) };
}

const badOption = (text: string, why: string): SteepestError =>
  new SteepestError("usage", `--optimizers has ${JSON.stringify(text)}, ${why}`, {
    help: "write name:option=value, e.g. sgd:momentum=0.9 or adam:betas=[0.9,0.95]",
  });

/** At commas that are not inside [ ]. */
const splitOutsideBrackets = (text: string): string[] =>
  text.split(/,(?![^[]*\])/).filter((part) => part.trim() !== "");
