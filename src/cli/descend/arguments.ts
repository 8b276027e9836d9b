/** The command line of `descend` as settings: surface, optimizers with their rates, schedule. */
import type { ScheduleSpec } from "../../optim/index.ts";
import { SteepestError } from "../../run/errors.ts";
import { parseOverrides, parseValue } from "../../run/overrides.ts";
import { findSurface, makeSurface, parseFormula, type Surface } from "../../surface/index.ts";
import { parseContestants } from "../../tune/compare/contestants.ts";

/** One path to make. */
export interface Runner {
  readonly label: string;
  readonly optimizer: { readonly name: string; readonly [option: string]: unknown };
  /** Null: the best of a grid. */
  readonly lr: number | null;
}

const usage = (what: string, help: string): SteepestError => new SteepestError("usage", what, { help });

/** More steps would be a mistake: every point is kept. */
const MAX_STEPS = 1_000_000;

/** A word of letters and hyphens is a name; anything else is a formula. */
export async function readSurface(
  what: string,
  flags: readonly string[],
  from: number[] | null,
): Promise<Surface> {
  const options = Object.fromEntries(parseFlags(flags));
  if (/^[a-z]+(-[a-z]+)*$/i.test(what) && /[a-z]{3}/i.test(what)) {
    findSurface(what);
    return makeSurface(what, options);
  }
  const [flag] = Object.keys(options);
  if (flag !== undefined)
    throw usage(`unknown flag --${flag}`, "a formula has no options; see steepest descend --help");
  const surface = await parseFormula(what);
  if (from === null) {
    throw usage(
      "a formula has no start of its own",
      `give --from ${surface.variables.join(",")}, e.g. --from ${surface.variables.map((_, i) => i + 1).join(",")}`,
    );
  }
  return surface;
}

function parseFlags(flags: readonly string[]): [string, unknown][] {
  const stray = flags.find((f, i) => !f.startsWith("--") && !(i > 0 && /^--[^=]+$/.test(flags[i - 1]!)));
  if (stray !== undefined) throw usage(`unexpected argument "${stray}"`, "quote a formula that has spaces");
  return parseOverrides(flags).map(({ at, value }) => [at.join("."), value]);
}

/** "1,-2.5" → [1, −2.5] */
export function readPlace(text: unknown): number[] | null {
  if (text === undefined) return null;
  const values = String(text)
    .split(",")
    .map((s) => (s.trim() === "" ? Number.NaN : Number(s)));
  if (values.every(Number.isFinite)) return values;
  throw usage(`--from is ${String(text)}`, "write numbers with commas between them: --from -1.5,2");
}

export function readNumber(
  flag: string,
  text: unknown,
  { min = -Infinity, whole = false }: { min?: number; whole?: boolean } = {},
): number {
  const value = String(text).trim() === "" ? Number.NaN : Number(text);
  if (Number.isFinite(value) && value >= min && (!whole || Number.isInteger(value))) return value;
  throw usage(
    `${flag} is ${String(text)}`,
    `give ${flag} a ${whole ? "whole " : ""}number${min > -Infinity ? ` ≥ ${min}` : ""}`,
  );
}

export function readSteps(text: unknown): number {
  const steps = readNumber("--steps", text, { min: 1, whole: true });
  if (steps > MAX_STEPS) throw usage(`--steps is ${steps}`, `give --steps at most ${MAX_STEPS}`);
  return steps;
}

/** Optimizers × the rates that hold for them. */
export function readRunners(list: string, rates: unknown): Runner[] {
  // the name of no optimizer: none has options given elsewhere
  const contestants = parseContestants(
    list,
    { name: "", lr: 1 },
    { ratesHelp: "give rates with --lr, for all or by name: --lr 0.1,adam:0.3" },
  );
  const given = rates === undefined ? [] : readRates(String(rates));
  for (const { name } of given) {
    if (name === null || contestants.some((c) => c.label === name || c.optimizer.name === name)) continue;
    throw usage(
      `--lr names ${name}, which does not run`,
      `optimizers are ${contestants.map((c) => c.label).join(", ")}`,
    );
  }
  const runners = contestants.flatMap(({ label, optimizer }): Runner[] => {
    const named = given.filter((g) => g.name === label || g.name === optimizer.name);
    const own = named.length > 0 ? named : given.filter((g) => g.name === null);
    if (own.length === 0) return [{ label, optimizer, lr: null }];
    return own.map(({ lr }) => ({ label: own.length > 1 ? `${label} lr ${lr}` : label, optimizer, lr }));
  });
  if (runners.length <= 35) return runners;
  throw usage(`${runners.length} paths are asked for`, "name fewer optimizers or rates");
}

function readRates(text: string): { name: string | null; lr: number }[] {
  return text.split(",").map((part) => {
    const colon = part.lastIndexOf(":");
    const lr = Number(part.slice(colon + 1));
    if (part.slice(colon + 1).trim() !== "" && Number.isFinite(lr) && lr > 0) {
      return { name: colon < 0 ? null : part.slice(0, colon).trim(), lr };
    }
    throw usage(`--lr has ${JSON.stringify(part)}`, "write rates as 0.1, 0.01,0.1 or 0.1,adam:0.3");
  });
}

/** "cosine-annealing:etaMin=0.001,…" */
export function readSchedule(text: unknown): ScheduleSpec | null {
  if (text === undefined) return null;
  const [name = "", ...rest] = String(text).split(":");
  const options = rest
    .join(":")
    .split(",")
    .filter((s) => s !== "");
  return {
    name,
    ...Object.fromEntries(
      options.map((option) => {
        const equals = option.indexOf("=");
        if (equals > 0) return [option.slice(0, equals).trim(), parseValue(option.slice(equals + 1))];
        throw usage(`--schedule has ${JSON.stringify(option)}`, "write name:option=value,option=value");
      }),
    ),
  };
}
