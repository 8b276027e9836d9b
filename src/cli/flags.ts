/** Values of flags: what a row declares as the type of its option, `c.option("--seeds <n>", "…", whole({ min: 1 }), 3)`. */
import { InvalidArgumentError } from "commander";
import { closest } from "../run/errors.ts";

/** A flag's value in words that follow `--flag is TEXT`; main.ts prints them as the remedy. */
const refuse = (help: string): never => {
  throw new InvalidArgumentError(help);
};

/** A whole number from `min`, to `max` where one is given. */
export const whole =
  ({ min, max = Number.MAX_SAFE_INTEGER, or = "" }: { min: number; max?: number; or?: string }) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() !== "" && Number.isSafeInteger(value) && value >= min && value <= max) return value;
    const to = max === Number.MAX_SAFE_INTEGER ? "" : ` to ${max}`;
    return refuse(`give a whole number from ${min}${to}${or}`);
  };

/** A finite number above 0; `what` says which, such as "learning rate". */
export const positive =
  (what = "number", { max = Number.MAX_VALUE }: { max?: number } = {}) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() !== "" && value > 0 && value <= max) return value;
    return refuse(`give a positive ${what}${max === Number.MAX_VALUE ? "" : ` up to ${max}`}`);
  };

/** A finite number; `what` says which. */
export const finite =
  (what = "number") =>
  (text: string): number => {
    const value = Number(text);
    return text.trim() !== "" && Number.isFinite(value) ? value : refuse(`give a ${what}`);
  };

/** One of some words; `named` are those that the remedy names, where not all are. */
export const oneOf =
  <W extends string>(words: readonly W[], named: readonly W[] = words) =>
  (text: string): W => {
    const word = words.find((w) => w === text);
    if (word !== undefined) return word;
    const near = closest(text, named);
    return refuse(near ? `did you mean ${near}?` : `give ${named.join(" or ")}`);
  };

/** A number of machines, or MIN:MAX. */
export function machines(text: string): string {
  const [min, max = min] = text.split(":").map(Number);
  if (/^[1-9]\d*(:[1-9]\d*)?$/.test(text) && min! <= max!) return text;
  return refuse("give a number of machines, or MIN:MAX such as 1:4");
}

/** host:port of one of several machines. */
export const hostAndPort = (text: string): string =>
  /^[^\s:]+:\d+$/.test(text) ? text : refuse("give host:port of one of the machines, such as node1:29400");

/** One of some words, or what `other` reads. */
export const wordOr =
  <W extends string, T>(words: readonly W[], other: (text: string) => T) =>
  (text: string): W | T =>
    words.find((w) => w === text) ?? other(text);

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86400 };

/** `90s`, `30m`, `8h` in milliseconds. */
export function duration(text: string): number {
  const [, value, unit = "s"] = /^(\d+(?:\.\d+)?)\s*([smhd]?)$/.exec(text.trim()) ?? [];
  if (value === undefined) return refuse("write 90s, 30m or 8h");
  return Number(value) * UNITS[unit === "" ? "s" : unit]! * 1000;
}

/** `3/27`: the third of 27 parts. */
export function part(text: string): { number: number; of: number } {
  const [, number = 0, of = 0] = (/^(\d+)\/(\d+)$/.exec(text.trim()) ?? []).map(Number);
  return number >= 1 && number <= of ? { number, of } : refuse("write 1/8 to 8/8, for one of 8 parts");
}

/** `a,b,c` */
export const list = (text: string): string[] => text.split(",").map((part) => part.trim());

/** A flag that may be given several times. */
export const collect = (text: string, before: readonly string[]): string[] => [...before, text];
