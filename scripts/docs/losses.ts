import { type Loss, lossTable } from "../../src/nn/losses/index.ts";
import { code, fence, generatedNote, page, sectionLink, table } from "./markdown.ts";
import { optionRows } from "./optimizers.ts";

const outputs: Readonly<Record<Loss["output"], string>> = {
  logits: "one logit per class",
  logit: "one logit",
  probability: "a probability",
  logProbabilities: "log-probabilities of the classes",
  value: "the number itself",
};
const targets: Readonly<Record<Loss["target"], string>> = {
  class: "int32 class labels, the output's shape without its last axis",
  number: "numbers in the output's shape",
};

const section = (l: Loss): string =>
  page(
    `## ${l.name}`,
    `For: ${l.about}.`,
    fence("text", l.formula),
    [
      `- The model's output: ${outputs[l.output]}`,
      `- The target: ${targets[l.target]}`,
      `- PyTorch: ${l.elsewhere.pytorch === null ? "has no class for it" : code(l.elsewhere.pytorch)}`,
    ].join("\n"),
    optionRows(l.options),
  ).trimEnd();

/** docs/losses.md */
export const lossesPage = (): string =>
  page(
    "# Losses",
    generatedNote("src/nn/losses/table.ts and the files it lists"),
    `${lossTable.length} losses. A run file names one as \`"loss": "mse"\` or by PyTorch's class name; in code they are functions of the output and the target, as in \`losses.mse(output, batch.y)\`. Every one is checked against PyTorch in value and gradient.`,
    table(
      ["name", "for", "the model's output", "PyTorch"],
      lossTable.map((l) => [
        sectionLink(l.name),
        l.about,
        outputs[l.output],
        l.elsewhere.pytorch === null ? "" : code(l.elsewhere.pytorch),
      ]),
    ),
    ...lossTable.map(section),
  );
