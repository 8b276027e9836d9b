/** Python modules made of traced graphs: a user's own model and loss, and optimizers that PyTorch does not have. */
import { type Expr, input, type TypedArray } from "../engine/graph/index.ts";
import type { Context } from "../nn/layer.ts";
import { flattenState, stateInputs, unflattenState } from "../optim/state.ts";
import { applyUpdates, globalNorm } from "../optim/tensors.ts";
import type { Hyper, State, Tensors, Transform } from "../optim/transform.ts";
import type { BuiltParts } from "../train/index.ts";
import { noPass } from "../train/pass.ts";
import { batchInputs, type LossFunction, tensorInputs } from "../train/trace.ts";
import { indent, pyTuple } from "./python-text.ts";
import { atEachSize } from "./traces.ts";
import { type Translated, translate } from "./translate.ts";

/** Tensor constants of the traced parts, which go into a file of their own. */
export type Constants = Map<string, { readonly values: TypedArray; readonly shape: readonly number[] }>;

const keeper =
  (constants: Constants) =>
  (values: TypedArray, shape: readonly number[]): string => {
    const name = `c${constants.size + 1}`;
    constants.set(name, { values, shape });
    return `CONSTANTS["${name}"].to(device)`;
  };

const named = (prefix: string, variable: string) => (name: string) =>
  name.startsWith(prefix) ? `${variable}["${name.slice(prefix.length)}"]` : null;

/** `name = value` for the names that the lines use. */
const preamble = (
  lines: readonly (readonly string[])[],
  values: Readonly<Record<string, string>>,
): string[] => {
  const text = lines.flat().join("\n");
  return Object.entries(values)
    .filter(([name]) => new RegExp(`\\b${name}\\b`).test(text))
    .map(([name, value]) => `${name} = ${value}`);
};

interface Code {
  readonly lines: readonly string[];
  readonly helpers: readonly string[];
}

/** `class Model` of a model that is known by its graph alone. */
export function tracedModel({ model, dtype, shapes }: BuiltParts, constants: Constants): Code {
  const tensor = named("param.", "p");
  const buffer = named("buffer.", "p");
  const forward = (training: boolean): { code: Translated; moved: readonly string[] } => {
    let moved: string[] = [];
    const roots = atEachSize((rows) => {
      const data = batchInputs(shapes(rows), dtype ?? "float32");
      const params = tensorInputs("param.", model.params, dtype ?? "float32");
      const buffers = tensorInputs("buffer.", model.buffers, dtype ?? "float32");
      const key: Context["key"] = [input("key.0", [], "int32") as Expr, input("key.1", [], "int32") as Expr];
      const result = model.forward(
        { ...params, ...buffers },
        data["x"]!,
        training ? { training, key: key! } : { training },
      );
      moved = Object.keys(result.buffers);
      return [result.output, ...Object.values(result.buffers)];
    });
    const code = translate(roots, {
      nameOf: (name) => tensor(name) ?? buffer(name) ?? "x",
      keep: keeper(constants),
    });
    return { code, moved };
  };
  const lines = ({ code, moved }: ReturnType<typeof forward>): string[] => [
    ...code.lines,
    ...(moved.length === 0 ? [] : ["with torch.no_grad():"]),
    ...moved.map((name, i) => `    p["${name}"].copy_(${code.results[i + 1]})`),
    `return ${code.results[0]}`,
  ];
  const [training, evaluating] = [forward(true), forward(false)];
  const [inTraining, inEvaluation] = [lines(training), lines(evaluating)];
  const same = inTraining.join() === inEvaluation.join();
  const table = (name: string, specs: typeof model.params): string[] => [
    ...(Object.keys(specs).length === 0
      ? [`${name} = {}`]
      : [
          `${name} = {`,
          ...Object.entries(specs).map(([key, { shape }]) => `    "${key}": ${pyTuple(shape.map(String))},`),
          "}",
        ]),
  ];
  return {
    lines: [
      "class Model(NamedTensors):",
      '    """The run\'s own model, operation by operation."""',
      "",
      ...indent(table("PARAMETERS", model.params)),
      ...indent(table("BUFFERS", model.buffers)),
      "",
      "    def __init__(self):",
      "        super().__init__(self.PARAMETERS, self.BUFFERS)",
      "",
      "    def forward(self, x: Tensor) -> Tensor:",
      ...indent(
        preamble([inTraining, inEvaluation], { p: "self.tensors()", n: "x.shape[0]", device: "x.device" }),
        "        ",
      ),
      ...(same
        ? indent(inTraining, "        ")
        : [
            "        if self.training:",
            ...indent(inTraining, "            "),
            ...indent(inEvaluation, "        "),
          ]),
      "",
      "",
      "def build_model() -> nn.Module:",
      "    return Model()",
    ],
    helpers: ["NamedTensors", ...training.code.helpers, ...evaluating.code.helpers],
  };
}

/** `compute_loss` of a loss that is known by its graph alone. `output` gives the shape of the model's output. */
export function tracedLoss({ model, loss, dtype, shapes }: BuiltParts, constants: Constants): Code {
  const roots = atEachSize((rows) => {
    const data = batchInputs(shapes(rows), dtype ?? "float32");
    const params = tensorInputs("param.", model.params, dtype ?? "float32");
    const buffers = tensorInputs("buffer.", model.buffers, dtype ?? "float32");
    const { output } = model.forward({ ...params, ...buffers }, data["x"]!, { training: false });
    const outside = input("output", output.shape, output.dtype) as Expr;
    return [(loss as LossFunction)(outside, data, noPass)];
  });
  const code = translate(roots, {
    nameOf: (name) => (name === "output" ? "output" : name === "batch.y" ? "y" : "x"),
    keep: keeper(constants),
  });
  return {
    lines: [
      "def compute_loss(output: Tensor, x: Tensor, y: Tensor) -> Tensor:",
      '    """The run\'s own loss, operation by operation."""',
      ...indent(preamble([code.lines, code.results], { n: "output.shape[0]", device: "output.device" })),
      ...indent(code.lines),
      `    return ${code.results[0]}`,
    ],
    helpers: code.helpers,
  };
}

/** `update` of any optimizer and clip: parameters, gradients and state in, the next ones and what was measured out. */
export function tracedUpdate(
  { model, optimizer, dtype, schedulesMomentum }: BuiltParts,
  constants: Constants,
): Code {
  const params = tensorInputs("param.", model.params, dtype ?? "float32");
  const grads = tensorInputs("grad.", model.params, dtype ?? "float32");
  const first = (optimizer as Transform).init(params);
  const state = stateInputs(first, "optimizer.");
  const scalar = (name: string): Expr => input(`hyper.${name}`, [], "float64") as Expr;
  const hyper: Hyper = {
    lr: scalar("lr"),
    step: scalar("step"),
    loss: scalar("loss"),
    ...(schedulesMomentum ? { momentum: scalar("momentum") } : {}),
  };
  const [updates, nextState] = optimizer.update(grads, state, params, hyper);
  const next = applyUpdates(params, updates);
  const { nonFinite: _, ...measured } = optimizer.measure?.(grads, state, params, hyper) ?? {};
  const measures: Tensors = { gradNorm: globalNorm(grads), ...measured };
  const stateNext = flattenState(unflattenState(state, flattenState(nextState)));
  const of = (variable: string, prefix: string) => named(prefix, variable);
  const nameOf = (name: string): string =>
    of("p", "param.")(name) ?? of("g", "grad.")(name) ?? of("h", "hyper.")(name) ?? `s["${name}"]`;
  const write = (roots: readonly Expr[]): Translated =>
    translate([roots, roots, roots], { nameOf, keep: keeper(constants) });
  const record = (entries: readonly (readonly [string, string])[]): string[] => [
    "{",
    ...entries.map(([name, value]) => `    "${name}": ${value},`),
    "}",
  ];
  const groups: readonly (readonly [string, Tensors])[] = [
    ["parameters", next],
    ["state", Object.fromEntries(Object.entries(stateNext).map(([k, e]) => [`optimizer.${k}`, e]))],
    ["measures", measures],
  ];
  const code = write(groups.flatMap(([, tensors]) => Object.values(tensors)));
  let at = 0;
  const results = groups.flatMap(([name, tensors]) => {
    const [head, ...rest] = record(Object.keys(tensors).map((key) => [key, code.results[at++]!] as const));
    return [`${name} = ${head}`, ...rest];
  });
  const device = "device = next(iter(p.values())).device";
  const helpers = new Set(code.helpers);
  const evaluation = optimizer.evaluationParams?.(params, state as State);
  const evaluationLines: string[] = [];
  if (evaluation !== undefined) {
    const other = write(Object.values(evaluation));
    for (const h of other.helpers) helpers.add(h);
    const [head, ...rest] = record(
      Object.keys(evaluation).map((key, i) => [key, other.results[i]!] as const),
    );
    evaluationLines.push(
      "",
      "",
      "def evaluation_parameters(p, s):",
      '    """The parameters to validate with: an average, not the trained ones."""',
      ...indent([device, ...other.lines, `return ${head}`, ...rest]),
    );
  }
  return {
    lines: [
      "def update(p, g, s, h):",
      '    """Next parameters, next state and measures, from parameters, gradients, state and h: lr, step and loss."""',
      ...indent([device, ...code.lines, ...results, "return parameters, state, measures"]),
      ...evaluationLines,
    ],
    helpers: [...helpers],
  };
}

/** Imports, constants and what follows as one Python file. */
export function pythonFile(title: string, parts: readonly Code[], imports: readonly string[] = []): string {
  const body = parts.map((p) => p.lines.join("\n")).join("\n\n\n");
  const helpers = [...new Set(parts.flatMap((p) => p.helpers))].sort();
  const uses = (word: RegExp): boolean => word.test(body);
  const lines = [
    `"""${title}"""`,
    ...(uses(/\bmath\./) ? ["import math", ""] : []),
    ...(uses(/\btorch\./) || uses(/\bTensor\b|\bnn\./) ? ["import torch"] : []),
    ...(uses(/\bTensor\b|\bnn\./) ? ["from torch import Tensor, nn"] : []),
    ...(imports.length > 0 ? ["", ...imports] : []),
    ...(helpers.length > 0 ? ["", `from traced import ${helpers.join(", ")}`] : []),
    ...(uses(/\bCONSTANTS\b/)
      ? [
          "from checkpoint import read_safetensors",
          "from data import here",
          "",
          'CONSTANTS, _ = read_safetensors(here("constants.safetensors"))',
        ]
      : []),
  ];
  return `${lines.join("\n")}\n\n\n${body}\n`;
}
