import { batchRule, libraries } from "../../src/cli/commands/optimizers.ts";
import {
  type Elsewhere,
  modifierOptions,
  type OptimizerRow,
  optimizers,
  showRange,
} from "../../src/optim/index.ts";
import { code, fence, generatedNote, page, sectionLink, table, value } from "./markdown.ts";

const keys = Object.keys(libraries) as (keyof Elsewhere)[];

/** A name as code, a remark as words. */
const elsewhere = (name: string): string => (name.includes(" ") ? name.replaceAll("_", "\\_") : code(name));

/** "PyTorch `SGD`" for each library that has it. */
export const namesElsewhere = (names: Partial<Elsewhere>): string[] =>
  keys.flatMap((k) => {
    const name = names[k];
    return name == null ? [] : [`${libraries[k]} ${elsewhere(name)}`];
  });

const needs: Readonly<Record<OptimizerRow["needs"][number], string>> = {
  loss: "the loss of the step",
  evaluate: "loss and gradients at other parameters on the same batch",
  key: "random numbers",
};

type Option = OptimizerRow["options"][number];

/** What an option accepts, in words. */
export function accepts(o: Option): string {
  switch (o.type) {
    case "boolean":
      return "true or false";
    case "text":
      return "a text";
    case "choice":
      return o.choices.map(code).join(", ");
    case "numbers":
      return `${o.length} numbers${o.nullable ? " or nulls" : ""} ${showRange(o)}`.trimEnd();
    case "number":
      return (
        `${o.integer ? "whole number" : "number"} ${showRange(o)}`.trimEnd() + (o.nullable ? ", or none" : "")
      );
  }
}

export const optionRows = (options: readonly Option[]): string =>
  table(
    ["option", "default", "range", "meaning"],
    options.map((o) => [code(o.name), value(o.default), accepts(o), o.description]),
  );

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function section(o: OptimizerRow): string {
  const names = namesElsewhere(o.elsewhere);
  const { stabilityLimit: stable } = o;
  return page(
    `## ${o.name}`,
    `For: ${o.about}.`,
    fence("text", o.formula),
    [
      `- Source: ${o.source.url ? `[${o.source.cite}](${o.source.url})` : o.source.cite}`,
      `- ${capital(batchRule(o))}`,
      `- Elsewhere: ${names.join(", ") || "in none of the four libraries"}`,
      ...(stable
        ? [
            `- Stable on a quadratic while lr < ${stable.rule}` +
              (stable.preconditioner ? " (of the preconditioned Hessian)" : ""),
          ]
        : []),
      ...(o.needs.length > 0
        ? [`- Reads more than gradients: ${o.needs.map((n) => needs[n]).join("; ")}`]
        : []),
      ...(o.modifiers.none ? [`- Takes no [modifiers](#modifiers): ${o.modifiers.none}`] : []),
    ].join("\n"),
    optionRows(o.options.filter((option) => !o.modifiers.options.includes(option.name))),
  ).trimEnd();
}

/** docs/optimizers.md */
export const optimizersPage = (): string =>
  page(
    "# Optimizers",
    generatedNote("src/optim/optimizers.ts and the files it lists"),
    `${optimizers.length} optimizers. A run file names one as \`"optimizer": { "name": "adamw", "lr": 0.001 }\`; in code it is \`optim.adamw({ lr: 0.001 })\`; \`steepest optimizers NAME\` prints one row of this page. Letters: θ parameters, g gradient, η learning rate (\`lr\`), t the step counted from 1, λmax(H) the largest curvature of the loss. Names, defaults and conventions are PyTorch's unless a row says otherwise. [Write your own](custom-optimizer.md) in ten lines.`,
    table(
      ["name", "for", ...keys.map((k) => libraries[k])],
      optimizers.map((o) => [
        sectionLink(o.name),
        o.about,
        ...keys.map((k) => (o.elsewhere[k] === null ? "" : elsewhere(o.elsewhere[k]))),
      ]),
    ),
    page(
      "## Modifiers",
      `Options that are laid over an optimizer: \`"optimizer": { "name": "adamw", "lr": 0.001, "caution": "mean" }\`. Every row takes them but those that say why not; \`cautiousWeightDecay\` needs a row with \`weightDecay\`. Caution: Liang et al. 2024 ([arXiv 2411.16085](https://arxiv.org/abs/2411.16085)). Cautious weight decay: [arXiv 2510.12402](https://arxiv.org/abs/2510.12402). A modified optimizer is exported to PyTorch by its formula, and has no stability limit.`,
      optionRows(
        Object.entries<OptimizerRow["options"][number]>(modifierOptions as never).map(([name, spec]) => ({
          ...spec,
          name,
        })),
      ),
    ).trimEnd(),
    ...optimizers.map(section),
  );
