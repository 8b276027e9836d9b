import { libraries } from "../../src/cli/commands/schedules.ts";
import {
  type Alias,
  describeRange,
  type Library,
  type OptionSpec,
  type ScheduleRow,
  schedules,
} from "../../src/optim/schedules/index.ts";
import { code, fence, generatedNote, page, sectionLink, table, value } from "./markdown.ts";

const columns: readonly Library[] = ["pytorch", "hugging-face", "optax", "keras"];

const namesIn = (s: ScheduleRow, wanted: (library: Library) => boolean): readonly Alias[] =>
  s.elsewhere.filter((a) => wanted(a.library));

function accepts(o: OptionSpec): string {
  switch (o.type) {
    case "number":
    case "integer":
      return describeRange(o);
    case "number[]":
      return `list of numbers, each ${describeRange(o)}${o.ascending ? ", ascending" : ""}`;
    case "boolean":
      return "true or false";
    case "choice":
      return (o.choices ?? []).map(code).join(", ");
    case "function":
      return "a function, from code only";
    case "schedule":
      return "a schedule";
    case "schedule[]":
      return "a list of schedules";
    case "record[]":
      return `a list of records of ${Object.keys(o.fields ?? {})
        .map(code)
        .join(", ")}`;
  }
}

function startsAs(o: OptionSpec): string {
  if (o.filledFrom) return `the run's ${code(o.filledFrom)}`;
  if (o.default !== undefined) return value(o.default);
  return o.required ? "required" : (o.otherwise ?? "none");
}

/** The row's example as a run file writes it; null where an option can't be written as JSON. */
function example(s: ScheduleRow): string | null {
  if (Object.values(s.example).some((v) => typeof v === "function")) return null;
  if (Object.entries(s.options).some(([k, o]) => o.type === "function" && o.required && !(k in s.example)))
    return null;
  const members = Object.entries({ name: s.name, ...s.example });
  return `"schedule": { ${members.map(([k, v]) => `${JSON.stringify(k)}: ${JSON.stringify(v)}`).join(", ")} }`;
}

function section(s: ScheduleRow): string {
  const written = example(s);
  const names = s.elsewhere.map((a) => `${libraries[a.library]} ${code(a.name)}`).join(", ");
  const fields = Object.entries(s.options).flatMap(([name, o]) =>
    Object.entries({ [name]: o, ...prefixed(`${name}[].`, o.fields) }),
  );
  return page(
    `## ${s.name}`,
    s.about,
    fence("text", s.formula),
    `- Source: ${s.source.cite}\n- Also answers to: ${names || "no other name"}`,
    fields.length === 0
      ? "No options."
      : table(
          ["option", "default", "range", "meaning"],
          fields.map(([name, o]) => [code(name), startsAs(o), accepts(o), o.description]),
        ),
    written === null ? "" : fence("jsonc", written),
  ).trimEnd();
}

const prefixed = (
  prefix: string,
  fields: Readonly<Record<string, OptionSpec>> = {},
): Record<string, OptionSpec> =>
  Object.fromEntries(Object.entries(fields).map(([name, o]) => [prefix + name, o]));

const OTHERS = `## Momentum, weight decay, parameter groups

Schedules of the table also move other numbers. Their base is the optimizer's own number:

\`\`\`json
"optimizer": { "name": "adamw", "lr": 0.001, "weightDecay": 0.04 },
"schedule": { "name": "warmup-cosine", "warmupSteps": 100 },
"schedules": {
  "momentum": { "name": "ramp", "startLr": 0.85, "endLr": 0.95, "steps": 300 },
  "weightDecay": { "name": "cosine-annealing", "etaMin": 0.4 }
},
"groups": [
  { "params": "*.bias", "weightDecay": 0 },
  { "params": ["embedding"], "lr": 0.01, "schedule": { "name": "rex" } }
]
\`\`\`

- \`momentum\` is β₁ for optimizers with \`betas\`. One-cycle schedules move it already; two at once are refused.
- \`weightDecay\` gives λ itself, here from 0.04 to 0.4. \`"rate"\` multiplies λ by this step's rate over the optimizer's: AdamW,
  which multiplies it by the rate anyway, then decays with the square of the rate (AdamC, Defazio 2025).
- \`groups\` are PyTorch's parameter groups. The first that matches takes a parameter; options that are not given are the
  optimizer's. Without a schedule of its own a group follows the run's in proportion to its \`lr\`; with one it does not move
  when \`find-lr\` or \`compare\` try other rates.

In code: \`optim.scheduled(optim.adamw({ lr: 1e-3 }), { momentum, weightDecay })\` with functions of the step, and \`schedule\` at a
group of \`optim.parameterGroups\`.`;

const BATCHES = `## Batches that grow

A run file may let its batches grow: small ones while the gradient is far larger than its noise, large ones later
([what more rows buy](scaling.md#what-more-processes-buy)).

\`\`\`json
"batchSize": { "sizes": [32, 64, 128], "starts": [0, 500, 1500], "unit": "steps", "lrScaling": "sqrt" }
\`\`\`

\`starts\` count steps, or with \`"unit": "examples"\` the rows trained on. Of two neighbouring sizes one divides the other. A
size begins at the first step from its start on at which the rows seen of the epoch are a whole number of its batches, so
from there on each batch is one that a run of this size alone would make. With \`lrScaling\` the rate is multiplied by the
size over the first one (\`linear\`), or by the root of that (\`sqrt\`, the rule for Adam's family); the default leaves it.
The order of the data stays a function of seed and step, so a resumed run goes on bit for bit; metrics.jsonl has the size
of each batch. The project for PyTorch makes the same steps. A schedule that counts epochs is refused here: epochs have no
one number of steps. \`steepest schedule NAME --batchSize.sizes 32,64 --batchSize.starts 0,50\` prints and draws both.
(The rule for waiting and for the rate is OLMo-core's.)`;

/** docs/schedules.md */
export const schedulesPage = (): string =>
  page(
    "# Schedules",
    generatedNote("src/optim/schedules/table.ts and the files it lists"),
    `${schedules.length} schedules. A schedule is a function from the step k, counted from 0, to the learning rate; \`lr\` is the optimizer's. \`reduce-on-plateau\` takes the validation metric instead. Run files accept the names of the other libraries, with those libraries' option names and defaults, in place of ours. \`steepest schedule NAME …\` prints the values. The examples are for a run of 100 steps.`,
    table(
      ["name", "what the rate does", ...columns.map((c) => libraries[c]), "others"],
      schedules.map((s) => [
        sectionLink(s.name),
        s.about,
        ...columns.map((c) =>
          namesIn(s, (l) => l === c)
            .map((a) => code(a.name))
            .join(", "),
        ),
        namesIn(s, (l) => !columns.includes(l))
          .map((a) => `${libraries[a.library]} ${code(a.name)}`)
          .join(", "),
      ]),
    ),
    ...schedules.map(section),
    OTHERS,
    BATCHES,
  );
