/** Formulas: what they mean against mathjs's own evaluation, what is refused against its message. */
import fc from "fast-check";
import { evaluate } from "mathjs/number";
import { describe, expect, test } from "vitest";
import { formatError } from "../../src/run/errors.ts";
import { evaluator, parseFormula } from "../../src/surface/index.ts";

const variables = ["x", "y"] as const;

/** Expressions of x and y in mathjs's grammar. */
const { expression } = fc.letrec<{ expression: string }>((tie) => {
  const part = tie("expression");
  const called = (names: readonly string[]): fc.Arbitrary<string> =>
    fc.tuple(fc.constantFrom(...names), part).map(([f, a]) => `${f}(${a})`);
  return {
    expression: fc.oneof(
      { maxDepth: 4, depthIdentifier: "formula" },
      fc.constantFrom("x", "y", "pi", "e", "2", "0.5", "3.25", "1e-3"),
      fc.tuple(part, fc.constantFrom("+", "-", "*", "/"), part).map(([a, op, b]) => `(${a} ${op} ${b})`),
      fc.tuple(part, fc.constantFrom("2", "3", "-1", "4", "0", "0.5", "y")).map(([a, n]) => `(${a})^${n}`),
      fc.tuple(part, part).map(([a, b]) => `(${a}) (${b})`),
      part.map((a) => `-${a}`),
      called(["sin", "cos", "tan", "sec", "cot", "csc", "asin", "acos", "atan", "sinh", "cosh", "tanh"]),
      called(["asinh", "acosh", "atanh", "exp", "expm1", "log", "log1p", "log2", "log10", "sqrt", "cbrt"]),
      called(["abs", "sign", "square", "cube", "floor", "ceil", "round"]),
      fc
        .tuple(fc.constantFrom("min", "max", "pow", "mod", "hypot", "atan2", "log"), part, part)
        .map(([f, a, b]) => `${f}(${a}, ${b})`),
      fc
        .tuple(part, fc.constantFrom("<", "<=", ">", ">="), part, part, part)
        .map(([a, op, b, c, d]) => `((${a} ${op} ${b}) ? ${c} : ${d})`),
      fc.tuple(part, part, part).map(([a, b, c]) => `((${a} < ${b} and not (${b} < ${c})) * (${c}))`),
    ),
  };
});

/** Equal, or within `tolerance` of each other relative to sizes above 1. */
const near = (a: number, b: number, tolerance: number): boolean =>
  Object.is(a, b) || a === b || Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b));

/** Where 1e-13 more or less of the input shows in the result (steps, comparisons, cancellation), rounding decides. */
function agrees(found: number, formula: string, { x, y }: { x: number; y: number }): boolean {
  const [here, ...beside] = [0, 1e-13, -1e-13].map((d): number =>
    evaluate(formula, { x: x * (1 + d), y: y * (1 - d) }),
  );
  return near(found, here!, 1e-9) || beside.some((b) => !near(b, here!, 1e-10));
}

test("random formulas have the values mathjs gives them", async () => {
  const number = fc.integer({ min: -3000, max: 3000 }).map((k) => (k + 0.37) / 1000);
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(expression, number, number, async (formula, x, y) => {
      const surface = await parseFormula(`${formula} + 0*x*y`, { variables });
      const found = evaluator(surface).value([x, y]);
      compared += Number.isFinite(found) ? 1 : 0;
      expect(agrees(found, `${formula} + 0*x*y`, { x, y }), `${formula} at ${x}, ${y}: ${found}`).toBe(true);
    }),
    { numRuns: 150, seed: 7 },
  );
  expect(compared).toBeGreaterThan(60);
});

const smooth: readonly [formula: string, slope: (x: number) => number][] = [
  ["asin(x)", (x) => 1 / Math.sqrt(1 - x * x)],
  ["acos(x)", (x) => -1 / Math.sqrt(1 - x * x)],
  ["atan(x)", (x) => 1 / (1 + x * x)],
  ["atan2(x, 2)", (x) => 2 / (4 + x * x)],
  ["x^3", (x) => 3 * x * x],
  ["x^-2", (x) => -2 * x ** -3],
  ["2^x", (x) => 2 ** x * Math.LN2],
  ["e^(2x)", (x) => 2 * Math.exp(2 * x)],
  ["sinh(x)", Math.cosh],
  ["tan(x)", (x) => 1 / Math.cos(x) ** 2],
  ["log(2 + x, 3)", (x) => 1 / (2 + x) / Math.log(3)],
  ["x > 0 ? x^2 : 3x", (x) => (x > 0 ? 2 * x : 3)],
  ["floor(x)", () => 0],
];

test.for(smooth)("the slope of %s", async ([formula, slope]) => {
  const { gradient } = evaluator(await parseFormula(formula));
  for (const x of [-0.83, -0.2, 0.001, 0.4, 0.77]) {
    expect(Math.abs(gradient([x])[0]! - slope(x))).toBeLessThan(1e-12 * Math.max(1, Math.abs(slope(x))));
  }
});

test("arctan to the last digits, near and far", async () => {
  const { value } = evaluator(await parseFormula("atan(x)"));
  for (const x of [0, 1e-300, 1e-9, 0.1, 0.999, 1, 1.001, 7, 1e9, 1e300, Infinity, -3, -0.2]) {
    expect(Math.abs(value([x]) - Math.atan(x))).toBeLessThanOrEqual(
      6e-16 * Math.max(Math.abs(Math.atan(x)), 1e-300),
    );
  }
});

describe("variables", () => {
  test.for([
    ["y + x", ["x", "y"]],
    ["x10 + x2 + x1", ["x1", "x2", "x10"]],
    ["alpha*θ + e*pi", ["alpha", "θ"]],
    ["x² − 3·y⁻²", ["x", "y"]],
  ] as const)("%s", async ([formula, names]) => {
    expect((await parseFormula(formula)).variables).toEqual(names);
  });
  test("in an order of one's own, unused ones too", async () => {
    const { value } = evaluator(await parseFormula("a - b", { variables: ["b", "c", "a"] }));
    expect(value([1, 5, 10])).toBe(9);
  });
});

describe("what can't be read", () => {
  const message = async (formula: string): Promise<string> =>
    parseFormula(formula).then(
      () => "no error",
      (error: unknown) => formatError(error),
    );
  test("points at the character", async () => {
    expect(await message("x^2 + sinn(y)")).toBe(
      'error[formula]: there is no function "sinn", at character 7\n  x^2 + sinn(y)\n        ^\nhelp: did you mean "sin"?',
    );
    expect(await message("x² + * y")).toMatch(/value expected, at character 6\n {2}x² \+ \* y\n {7}\^\n/);
  });
  test.for([
    ["", /empty/],
    ["3 + pi", /has no variable/],
    ["sin x", /sin is a function without its argument/],
    ["x(x + 1)", /write x\*\(…\) for the product/],
    ["xy + x + y", /write x\*y for the product/],
    ["(x", /parenthesis \) expected/],
    ["a = 3", /kind "assignment"/],
    ["x; y", /kind "block"/],
    ["[x, y]", /kind "array"/],
    ["x!", /operator ! is not for real numbers/],
    ['x + "a"', /is not a finite number/],
    ["1e999*x", /Infinity is not a finite number/],
    ["atan2(x)", /atan2 has 1 argument[\s\S]*give it 2/],
    ["constructor(x)", /no function "constructor"/],
    ["x.constructor", /kind "accessor"/],
    [`${"(".repeat(5000)}x`, /nested too deeply|expected/],
    ["x+".repeat(6000), /has 12000 characters/],
  ] as const)("%s", async ([formula, says]) => {
    expect(await message(formula)).toMatch(says);
  });
  test("a variable that is not among the given ones", async () => {
    await expect(parseFormula("x + z", { variables: ["x", "y"] })).rejects.toThrow(
      /z is none of the variables x, y/,
    );
  });
});
