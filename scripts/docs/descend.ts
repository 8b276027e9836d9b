import { showRange } from "../../src/run/options.ts";
import { functions } from "../../src/surface/formula/functions.ts";
import { type SurfaceRow, showPlace, surfaces } from "../../src/surface/index.ts";
import { code, fence, generatedNote, page, table } from "./markdown.ts";

const range = (o: SurfaceRow["options"][number]): string => (o.type === "number" ? showRange(o) : "");

function minimaOf({ make }: SurfaceRow): string {
  const { minima } = make();
  const global = minima.filter((m) => m.kind === "global").map((m) => showPlace(m.at));
  const local = minima.length - global.length;
  return [global.join(", ") || "none", local > 0 ? `and ${local} local` : ""].join(" ").trim();
}

/** docs/descend.md */
export const descendPage = (): string =>
  page(
    "# Descending functions",
    generatedNote("src/surface/surfaces.ts"),
    "`steepest descend` runs optimizers side by side on a function of a few coordinates: a named one, or a formula. It prints a map of the paths and what became of each; `--plot` and `--loss-plot` draw them as SVG or PNG, `--json` gives every point and every term of every update.",
    fence(
      "sh",
      [
        "steepest descend rosenbrock --optimizers sgd,adam,lbfgs --plot paths.svg",
        "steepest descend bowl --optimizers sgd --lr 0.005,0.1,0.19,0.21 --steps 40",
        "steepest descend ravine --kappa 50 --rotation 30 --optimizers sgd:momentum=0.9,adam --lr 0.02,adam:0.3",
        "steepest descend saddle --from 1,0 --optimizers sgd --lr 0.1 --noise 0.01 --seed 3",
        "steepest descend 'x^2 + sin(3y)^2 + y^2/10' --from 2,3 --json",
      ].join("\n"),
    ),
    "Without `--lr` each optimizer runs at the best of 33 rates from 1e-7 to 10, tried from the same start: the lowest minimum first, of equal ones the fewest steps. Such rates are marked `*`. `--lr 0.1` sets one for all, `--lr 0.01,0.1` runs each at both, `--lr 0.1,adam:0.3` names one.",
    "## What became of a path",
    table(
      ["verdict", "means"],
      [
        [
          "converged",
          "it ends within the tolerance (0.001 of the domain's diagonal) of a known minimum, or where Newton's step is that short and no direction curves down; the step is the first from which on it stays",
        ],
        [
          "diverged",
          "a coordinate left the domain a millionfold, or the loss overflowed; the path is cut there",
        ],
        ["undefined", "the function has no value or no slope where the path came to, such as log x at x < 0"],
        ["saddle", "it stands still where the function curves down in some direction"],
        ["flat", "it stands still where there is no curvature either"],
        ["going", "none of these after the given steps"],
      ],
    ),
    "## Surfaces",
    table(
      ["name", "f", "for", "global minima"],
      surfaces.map((s) => [code(s.name), s.formula, s.about, minimaOf(s)]),
    ),
    "Their options are flags:",
    table(
      ["surface", "option", "default", "range", "meaning"],
      surfaces.flatMap((s) =>
        s.options.map((o) => [code(s.name), code(o.name), code(String(o.default)), range(o), o.description]),
      ),
    ),
    "## Formulas",
    `Any names are variables; they are ordered x, y, z or x1 … x10, and \`--from\` gives their values in that order. \`+ − * / ^ %\`, comparisons, \`and or not\`, \`c ? a : b\`, products without a sign (\`2x\`, \`3(x+1)\`), the constants \`pi\`, \`e\`, \`tau\`, and the functions ${Object.keys(functions).join(", ")}. Gradients and Hessians come from the engine; nothing is evaluated as JavaScript.`,
    "## In code",
    fence(
      "ts",
      [
        'import { createDescent, makeSurface, parseFormula, trajectory } from "steepest/surface";',
        "",
        'const surface = makeSurface("ravine", { kappa: 50 }); // or await parseFormula("x^2 + 10*y^2")',
        'const { points, verdict } = trajectory({ surface, optimizer: "adam", lr: 0.1, steps: 200 });',
        "",
        'const descent = createDescent({ surface, optimizer: { name: "sgd", momentum: 0.9 }, lr: 0.01 });',
        "const { gradient, state, corrected, update, effective, loss } = descent.step();",
      ].join("\n"),
    ),
    "A step is one compiled program. `state` holds the optimizer's memory in the letters of its paper (m, v …), `corrected` m̂ and v̂, `effective` |update / gradient| of each coordinate. `noise: { sigma, seed }` adds the same normal numbers to every optimizer's gradients.",
  );
