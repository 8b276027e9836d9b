/** Formulas as users type them, made into surfaces. The parser is loaded with the first one; nothing is ever eval'd. */
import { SteepestError } from "../../run/errors.ts";
import type { Surface } from "../types.ts";
import { formulaError } from "./error.ts";
import { type FormulaNode, refuseDeep, translate, variablesOf } from "./translate.ts";

/** What a typed formula does not say by itself. */
export interface FormulaOptions {
  /** Names of the coordinates in their order. Default: the formula's own, in natural order (x, y, z; x1 … x10). */
  readonly variables?: readonly string[];
  /** Default: 1 for each coordinate. */
  readonly start?: readonly number[];
  readonly domain?: readonly (readonly [number, number])[];
}

let loading: Promise<(text: string) => unknown> | undefined;

/** The parser alone, without the arithmetic that mathjs brings for its results. */
function parser(): Promise<(text: string) => unknown> {
  loading ??= import("mathjs/number").then(
    ({ create, parseDependencies }) =>
      create({ parseDependencies: parseDependencies! }).parse as (text: string) => unknown,
  );
  return loading;
}

/** Longer ones are a mistake or an attack. */
const LONGEST = 10_000;

/** Throws `formula`, pointing at the character where there is one. */
export async function parseFormula(text: string, options: FormulaOptions = {}): Promise<Surface> {
  if (typeof text !== "string" || text.trim() === "") {
    throw new SteepestError("formula", "the formula is empty", { help: 'write one, e.g. "x^2 + 10*y^2"' });
  }
  if (text.length > LONGEST) {
    throw new SteepestError("formula", `the formula has ${text.length} characters`, {
      help: `keep it below ${LONGEST}`,
    });
  }
  const parse = await parser();
  const { source, places } = readable(text);
  let root: FormulaNode;
  let found: string[];
  try {
    root = parse(source) as FormulaNode;
    refuseDeep(root);
    found = variablesOf(root, text);
  } catch (cause) {
    throw parserError(cause, text, places);
  }
  const variables = options.variables ?? found;
  const unknown = found.find((name) => !variables.includes(name));
  if (unknown !== undefined) {
    throw new SteepestError("formula", `${unknown} is none of the variables ${variables.join(", ")}`, {
      help: "add it to the variables or take it out of the formula",
    });
  }
  if (variables.length === 0) {
    throw formulaError("the formula has no variable", text, null, "use x, y or any other names");
  }
  return {
    name: "formula",
    label: text,
    text,
    variables,
    f: (at) => translate(root, new Map(variables.map((name, i) => [name, at[i]!]))),
    domain: options.domain ?? null,
    start: options.start ?? variables.map(() => 1),
    minima: [],
  };
}

/** Signs of printed mathematics and the ASCII the parser reads. */
const signs: Readonly<Record<string, string>> = {
  "−": "-",
  "×": "*",
  "·": "*",
  "÷": "/",
  "⁻": "^-",
  "√": "sqrt",
};
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** The formula in ASCII signs, and for each of its characters the place it had in the user's. */
function readable(text: string): { source: string; places: number[] } {
  const parts: string[] = [];
  const places: number[] = [];
  let raised = false;
  [...text].reduce((at, c) => {
    const digit = SUPERSCRIPTS.indexOf(c);
    const part = digit >= 0 ? `${raised ? "" : "^"}${digit}` : (signs[c] ?? c);
    raised = digit >= 0 || c === "⁻";
    parts.push(part);
    for (let i = 0; i < part.length; i++) places.push(at);
    return at + c.length;
  }, 0);
  return { source: parts.join(""), places };
}

function parserError(cause: unknown, text: string, places: readonly number[]): SteepestError {
  if (cause instanceof SteepestError) return cause;
  if (cause instanceof RangeError)
    return new SteepestError("formula", "the formula is nested too deeply", {
      help: "write it flatter",
      cause,
    });
  const { message, char } = cause as { message: string; char?: number };
  const at = char === undefined ? null : (places[char - 1] ?? text.length);
  const what = message
    .replace(/^Syntax error in part "(.*)" \(char \d+\)$/s, "can't read $1")
    .replace(/ \(char \d+\)$/, "");
  return formulaError(
    `the formula can't be read: ${what.charAt(0).toLowerCase()}${what.slice(1)}`,
    text,
    at,
    "correct it there; write powers x^2 and products 2*x or 2x",
  );
}
