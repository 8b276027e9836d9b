/** `steepest schedules [name]`: the table, or one row in full. */
import {
  describeRange,
  findSchedule,
  type Library,
  type OptionSpec,
  type ScheduleRow,
  schedules,
} from "../../optim/schedules/index.ts";
import type { Invocation } from "../command.ts";
import { table } from "../terminal.ts";

export async function run({ args: [name], terminal, json }: Invocation): Promise<undefined> {
  const listed = name === undefined ? schedules : [findSchedule(name).entry];
  if (json) {
    const rows = listed.map(
      ({ name: own, about: description, formula, source, options, elsewhere: aliases }) => ({
        name: own,
        description,
        formula,
        reference: source.cite,
        options: Object.fromEntries(
          Object.entries(options).map(([key, o]) => [
            key,
            { type: o.type, default: o.default ?? null, range: describeRange(o), description: o.description },
          ]),
        ),
        aliases: aliases.map(({ name: alias, library }) => ({ name: alias, library })),
      }),
    );
    terminal.print(JSON.stringify({ schema: "steepest.schedules/1", schedules: rows }));
    return;
  }
  if (name === undefined) {
    terminal.print(
      table(schedules.map((s) => [s.name, [s.about, bracketed(namesElsewhere(s))].join(" ").trimEnd()])),
    );
    return;
  }
  const row = listed[0]!;
  const lines = [`${row.name}: ${row.about}`, row.formula, row.source.cite];
  const names = namesElsewhere(row);
  if (names !== "") lines.push(`also called ${names}`);
  terminal.print(`${lines.join("\n")}\n`);
  terminal.print(
    table(Object.entries(row.options).map(([key, o]) => [key, showDefault(o), showRange(o), o.description])),
  );
}

/** How people write the libraries. */
export const libraries: Readonly<Record<Library, string>> = {
  pytorch: "PyTorch",
  "hugging-face": "Hugging Face",
  optax: "optax",
  keras: "Keras",
  fastai: "fastai",
  "torch-lr-finder": "torch-lr-finder",
  lightning: "Lightning",
  timm: "timm",
  "pytorch-optimizer": "pytorch_optimizer",
  "olmo-core": "OLMo-core",
  "dolomite-engine": "dolomite-engine",
  "modded-nanogpt": "modded-nanogpt",
};

const namesElsewhere = ({ elsewhere: aliases }: ScheduleRow): string =>
  aliases.map((a) => `${libraries[a.library]} ${a.name}`).join("; ");

const bracketed = (text: string): string => (text === "" ? "" : `[${text}]`);

const showDefault = (o: OptionSpec): string => {
  if (o.filledFrom) return `the run's ${o.filledFrom}`;
  if (o.default !== undefined) return String(o.default);
  return o.required ? "required" : (o.otherwise ?? "none");
};

const showRange = (o: OptionSpec): string => {
  if (o.type === "number" || o.type === "integer") return describeRange(o);
  return o.type === "choice" ? (o.choices ?? []).join("|") : o.type;
};
