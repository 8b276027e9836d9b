/** A parsed formula as an expression of its variables. */

import type { Expr, Operand } from "../../engine/graph/index.ts";
import * as ops from "../../engine/graph/index.ts";
import { closest, SteepestError } from "../../run/errors.ts";
import { formulaError, placeOf } from "./error.ts";
import { functions, power } from "./functions.ts";

/** What is read of the parser's nodes; which fields there are depends on `type`. */
export interface FormulaNode {
  readonly type: string;
  readonly name?: string;
  readonly value?: unknown;
  readonly op?: string;
  readonly fn?: FormulaNode | string;
  readonly args?: readonly FormulaNode[];
  readonly content?: FormulaNode;
  readonly condition?: FormulaNode;
  readonly trueExpr?: FormulaNode;
  readonly falseExpr?: FormulaNode;
  readonly conditionals?: readonly string[];
  readonly params?: readonly FormulaNode[];
}

/** Constants are JavaScript values as long as they can be; conditions are bool expressions. */
type Value = Operand | boolean;

export const constants: Readonly<Record<string, number>> = {
  pi: Math.PI,
  PI: Math.PI,
  e: Math.E,
  E: Math.E,
  tau: 2 * Math.PI,
  π: Math.PI,
};

const HELP = "use + − * / ^ %, comparisons, c ? a : b and functions";

/** What of the parser's language a formula may have. */
const plain = new Set([
  "ConstantNode",
  "SymbolNode",
  "ParenthesisNode",
  "ConditionalNode",
  "RelationalNode",
  "OperatorNode",
  "FunctionNode",
]);
const logic = new Set(["and", "or", "xor", "not"]);

/** Each level of a formula is a call of several functions that read it, here and in the compiler. */
const DEEPEST = 1000;

/** Throws `formula` for a formula of more levels; a sum of n terms has n of them. */
export function refuseDeep(root: FormulaNode): void {
  let level: readonly FormulaNode[] = [root];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > DEEPEST) {
      throw new SteepestError("formula", `the formula has more than ${DEEPEST} terms or brackets in a row`, {
        help: "write it shorter, e.g. with powers",
      });
    }
    level = level.flatMap(childrenOf);
  }
}

/**
 * Every name that is neither a function nor a constant, once, in natural order: x1, x2, x10. Throws `formula` for
 * whatever `translate` has no rule for.
 */
export function variablesOf(root: FormulaNode, text: string): string[] {
  const names = new Set<string>();
  const calls: FormulaNode[] = [];
  const visit = (n: FormulaNode): void => {
    if (!plain.has(n.type)) {
      const kind = n.type
        .replace(/Node$/, "")
        .replace(/(?<=[a-z])[A-Z]/g, " $&")
        .toLowerCase();
      throw formulaError(
        `a formula is one expression, but this has a part of the kind "${kind}"`,
        text,
        null,
        HELP,
      );
    }
    if (n.type === "ConstantNode") checkConstant(n.value, text);
    if (n.type === "OperatorNode") checkOperator(n, text);
    if (n.type === "FunctionNode") calls.push(n);
    if (n.type === "SymbolNode" && !Object.hasOwn(constants, n.name!)) {
      checkName(n.name!, text);
      names.add(n.name!);
    }
    for (const child of childrenOf(n)) visit(child);
  };
  visit(root);
  for (const n of calls) checkCall(n, names, text);
  for (const name of names) refuseJoined(name, names, text);
  return [...names].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

const childrenOf = (n: FormulaNode): FormulaNode[] =>
  [n.content, n.condition, n.trueExpr, n.falseExpr, ...(n.args ?? []), ...(n.params ?? [])].filter(
    (c): c is FormulaNode => c !== undefined,
  );

function checkConstant(value: unknown, text: string): void {
  if (typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value))) return;
  throw formulaError(`${String(value)} is not a finite number`, text, null, "write numbers and variables");
}

function checkOperator({ fn, op = "" }: FormulaNode, text: string): void {
  const name = fn as string;
  if (Object.hasOwn(operators, name) || Object.hasOwn(comparisons, name) || logic.has(name)) return;
  throw formulaError(`the operator ${op} is not for real numbers`, text, placeOfSign(op, text), HELP);
}

const placeOfSign = (sign: string, text: string): number | null => {
  const at = text.indexOf(sign);
  return at < 0 ? null : at;
};

function checkName(name: string, text: string): void {
  if (Object.hasOwn(functions, name)) {
    throw formulaError(
      `${name} is a function without its argument`,
      text,
      placeOf(name, text),
      `write ${name}(…)`,
    );
  }
  if (/^\p{L}[\p{L}\p{N}_]*$/u.test(name)) return;
  const help = "begin names with a letter; letters, digits and _ follow";
  throw formulaError(`${name} is no name for a variable`, text, placeOf(name, text), help);
}

function checkCall(n: FormulaNode, names: ReadonlySet<string>, text: string): void {
  const [name, count] = [functionName(n), n.args!.length];
  const place = placeOf(name, text, { called: true });
  if (!Object.hasOwn(functions, name)) {
    // the shortest of equally close names: "sinn" is sin rather than sign
    const known = Object.keys(functions).sort((a, b) => a.length - b.length);
    const near = closest(name, known);
    const help = names.has(name)
      ? `write ${name}*(…) for the product`
      : near
        ? `did you mean "${near}"?`
        : `functions are ${known.sort().join(", ")}`;
    throw formulaError(`there is no function "${name}"`, text, place, help);
  }
  const [min, max] = functions[name]!.takes;
  if (count >= min && count <= max) return;
  const wanted = min === max ? String(min) : max > 2 ? "one or more" : `${min} or ${max}`;
  const has = `${count} argument${count === 1 ? "" : "s"}`;
  throw formulaError(`${name} has ${has}`, text, place, `give it ${wanted}`);
}

const functionName = ({ fn }: FormulaNode): string => (typeof fn === "object" ? (fn.name ?? "") : String(fn));

/** "xy" beside x and y is a product without its sign. */
function refuseJoined(name: string, names: ReadonlySet<string>, text: string): void {
  const letters = [...name];
  const known = (l: string): boolean => names.has(l) || Object.hasOwn(constants, l);
  if (letters.length < 2 || !letters.every(known)) return;
  throw formulaError(
    `${name} reads as one name`,
    text,
    placeOf(name, text),
    `write ${letters.join("*")} for the product`,
  );
}

/** The value of a formula that `variablesOf` has checked; `at` gives its variables, all of one shape and float dtype. */
export function translate(root: FormulaNode, at: ReadonlyMap<string, Expr>): Expr {
  const number = (v: Value): Operand => {
    if (typeof v === "boolean") return v ? 1 : 0;
    return typeof v === "object" && v.dtype === "bool" ? ops.select(v, lifted(1), lifted(0)) : v;
  };
  const condition = (v: Value): Expr | boolean => {
    if (typeof v === "number") return v !== 0 && !Number.isNaN(v);
    return typeof v === "object" && v.dtype !== "bool" ? ops.ne(v, 0) : v;
  };
  const some = [...at.values()][0]!;
  const lifted = (v: number): Expr => ops.fullLike(some, v);

  const evaluate = (n: FormulaNode): Value => {
    switch (n.type) {
      case "ConstantNode":
        return n.value as number | boolean;
      case "SymbolNode":
        return at.get(n.name!) ?? constants[n.name!]!;
      case "ParenthesisNode":
        return evaluate(n.content!);
      case "ConditionalNode":
        return choose(
          condition(evaluate(n.condition!)),
          number(evaluate(n.trueExpr!)),
          number(evaluate(n.falseExpr!)),
        );
      case "RelationalNode":
        return n
          .conditionals!.map((word, i) => compare(word, numberOf(n.params![i]!), numberOf(n.params![i + 1]!)))
          .reduce((a, b) => both(a, b));
      case "OperatorNode":
        return operate(n);
      case "FunctionNode":
        return call(n);
      default:
        throw new Error(`no rule for ${n.type}`);
    }
  };
  const numberOf = (n: FormulaNode): Operand => number(evaluate(n));

  const operate = (n: FormulaNode): Value => {
    const name = n.fn as string;
    const args = n.args!;
    if (logic.has(name))
      return decide(
        name,
        args.map((a) => condition(evaluate(a))),
      );
    const values = args.map(numberOf);
    if (Object.hasOwn(comparisons, name)) return compare(name, values[0]!, values[1]!);
    return operators[name]!(...values);
  };

  const call = (n: FormulaNode): Operand => {
    const { onNumbers, onExpressions } = functions[functionName(n)]!;
    const args = n.args!.map(numberOf);
    const numbers = args.filter((a) => typeof a === "number");
    return numbers.length === args.length ? onNumbers(...numbers) : onExpressions(...args);
  };

  const choose = (test: Expr | boolean, a: Operand, b: Operand): Operand => {
    if (typeof test === "boolean") return test ? a : b;
    return ops.select(test, typeof a === "number" ? lifted(a) : a, typeof b === "number" ? lifted(b) : b);
  };

  const result = numberOf(root);
  return typeof result === "number" ? lifted(result) : result;
}

type OnOperands = (...args: Operand[]) => Operand;
const folding =
  (onNumbers: (...args: number[]) => number, onExpressions: (...args: Operand[]) => Expr): OnOperands =>
  (...args) =>
    args.every((a) => typeof a === "number") ? onNumbers(...(args as number[])) : onExpressions(...args);

const operators: Readonly<Record<string, OnOperands>> = {
  add: folding(
    (a, b) => a! + b!,
    (a, b) => ops.add(a!, b!),
  ),
  subtract: folding(
    (a, b) => a! - b!,
    (a, b) => ops.sub(a!, b!),
  ),
  multiply: folding(
    (a, b) => a! * b!,
    (a, b) => ops.mul(a!, b!),
  ),
  divide: folding(
    (a, b) => a! / b!,
    (a, b) => ops.div(a!, b!),
  ),
  mod: folding(functions["mod"]!.onNumbers, functions["mod"]!.onExpressions),
  pow: (a, b) => power(a!, b!),
  unaryMinus: folding(
    (a) => -a!,
    (a) => ops.neg(a!),
  ),
  unaryPlus: (a) => a!,
};

const comparisons: Readonly<
  Record<string, [(a: number, b: number) => boolean, (a: Operand, b: Operand) => Expr]>
> = {
  smaller: [(a, b) => a < b, ops.lt],
  smallerEq: [(a, b) => a <= b, ops.le],
  larger: [(a, b) => a > b, ops.gt],
  largerEq: [(a, b) => a >= b, ops.ge],
  equal: [(a, b) => a === b, ops.eq],
  unequal: [(a, b) => a !== b, ops.ne],
};

function compare(word: string, a: Operand, b: Operand): Expr | boolean {
  const [onNumbers, onExpressions] = comparisons[word]!;
  return typeof a === "number" && typeof b === "number" ? onNumbers(a, b) : onExpressions(a, b);
}

const both = (a: Expr | boolean, b: Expr | boolean): Expr | boolean =>
  typeof a === "boolean" ? a && b : typeof b === "boolean" ? b && a : ops.and(a, b);

const negated = (a: Expr | boolean): Expr | boolean => (typeof a === "boolean" ? !a : ops.not(a));

function decide(word: string, [a, b]: readonly (Expr | boolean)[]): Expr | boolean {
  const either = (): Expr | boolean => negated(both(negated(a!), negated(b!)));
  if (word === "not") return negated(a!);
  if (word === "and") return both(a!, b!);
  return word === "or" ? either() : both(either(), negated(both(a!, b!)));
}
