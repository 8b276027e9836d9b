/** The models a run file can name, as the torch.nn code one would write by hand. Sizes are those of the tensors. */
import { findActivation } from "../nn/activations.ts";
import type { BuiltModel } from "../nn/build.ts";
import type { ParamSpecs } from "../nn/layer.ts";
import { pyTuple, pyValue } from "./python-text.ts";

export interface NamedModelOptions {
  readonly params: ParamSpecs;
  /** One example's shape. */
  readonly inputShape: readonly number[];
  /** The loss reads probabilities: a sigmoid ends the model. */
  readonly probability: boolean;
}

/** Lines of `build_model`. */
export function namedModel(
  spec: BuiltModel,
  { params, inputShape, probability }: NamedModelOptions,
): string[] {
  const inner = Object.fromEntries(
    Object.entries(params).map(([name, p]) => [probability ? name.replace(/^0\./, "") : name, p.shape]),
  );
  const code = spec.kind === "transformer" ? transformer(spec, inner) : layers(spec, inner, inputShape);
  const whole = probability ? ["nn.Sequential(", ...inside(code), "    nn.Sigmoid(),", ")"] : code;
  return [
    "def build_model() -> nn.Module:",
    `    """${title[spec.kind]}"""`,
    ...whole.map((line, i) => (i === 0 ? `    return ${line}` : `    ${line}`)),
  ];
}

const title = {
  linear: "A linear model.",
  mlp: "A multi-layer perceptron.",
  cnn: "Convolutions, then a multi-layer perceptron.",
  transformer: "A GPT-like language model.",
} as const;

const inside = (lines: readonly string[]): string[] =>
  lines.map((l, i) => `    ${l}${i === lines.length - 1 ? "," : ""}`);

type Shapes = Readonly<Record<string, readonly number[]>>;

/** An nn.Sequential whose places are numbered as steepest's are. */
function layers(
  spec: Exclude<BuiltModel, { kind: "transformer" }>,
  shapes: Shapes,
  inputShape: readonly number[],
): string[] {
  const list: string[] = [];
  const weight = (): readonly number[] => shapes[`${list.length}.weight`]!;
  const linear = (): void => {
    const [out, into] = weight();
    const bias = `${list.length}.bias` in shapes ? "" : ", bias=False";
    list.push(`nn.Linear(${into}, ${out}${bias})`);
  };
  const dense = (hidden: number, activation = "relu", dropout = 0): void => {
    for (let i = 0; i < hidden; i++) {
      linear();
      list.push(activationOf(activation));
      if (dropout > 0) list.push(`nn.Dropout(${dropout})`);
    }
    linear();
  };
  if (spec.kind === "cnn") {
    const image = `nn.Unflatten(1, ${pyTuple((spec.image ?? [1, ...inputShape]).map(String))})`;
    if (inputShape.length === 1) list.push(image);
    else if (inputShape.length !== 3) list.push(`nn.Sequential(nn.Flatten(), ${image})`);
    for (let i = 0; i < spec.channels.length; i++) {
      const [out, into, kernel] = weight();
      list.push(
        `nn.Conv2d(${into}, ${out}, ${kernel}, padding="same"${spec.batchNorm === true ? ", bias=False" : ""})`,
      );
      if (spec.batchNorm === true) list.push(`nn.BatchNorm2d(${out})`);
      list.push(activationOf(spec.activation ?? "relu"));
      if ((spec.pool ?? 2) !== 1) list.push(`nn.MaxPool2d(${spec.pool ?? 2})`);
    }
    list.push("nn.Flatten()");
    dense(spec.hidden?.length ?? 0, spec.activation, spec.dropout);
  } else {
    if (inputShape.length !== 1) list.push("nn.Flatten()");
    if (spec.kind === "linear") linear();
    else dense(spec.hidden.length, spec.activation, spec.dropout);
  }
  return ["nn.Sequential(", ...list.map((l) => `    ${l},`), ")"];
}

const activationOf = (name: string): string => `nn.${findActivation(name).elsewhere.pytorch}`;

function transformer(
  {
    heads,
    layers: depth,
    activation = "gelu",
    dropout = 0,
    tied = false,
    predict = "every",
  }: Extract<BuiltModel, { kind: "transformer" }>,
  shapes: Shapes,
): string[] {
  const [vocabulary, width] = shapes["tokens.weight"]!;
  const options: readonly (readonly [string, string])[] = [
    ["vocabulary", String(vocabulary)],
    ["context", String(shapes["positions.weight"]![0])],
    ["layers", String(depth)],
    ["width", String(width)],
    ["heads", String(heads)],
    ["feed_forward", String(shapes["blocks.0.linear1.weight"]![0])],
    ["activation", `lambda: ${activationOf(activation)}`],
    ["dropout", String(dropout)],
    ["tied", pyValue(tied)],
    ["predict", pyValue(predict)],
  ];
  return ["Gpt(", ...options.map(([key, value]) => `    ${key}=${value},`), ")"];
}
