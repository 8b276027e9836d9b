/** `steepest generate <run> --prompt TEXT`: a text model's characters, as they are drawn. */
import { generate } from "../../predict/generate.ts";
import { openTrained } from "../../predict/node-load-run.ts";
import { SteepestError } from "../../run/errors.ts";
import type { Invocation } from "../command.ts";

type Flags = {
  readonly prompt: string;
  readonly length: number;
  readonly temperature: number;
  readonly topK?: number;
  readonly seed: number;
};

export async function run({ args, options, terminal, json }: Invocation): Promise<undefined> {
  const { prompt, length, temperature, topK, seed } = options as Flags;
  if (temperature < 0) {
    throw new SteepestError("usage", `--temperature is ${temperature}`, { help: "give a number from 0" });
  }
  const model = await openTrained(args[0]!);
  const text = [...generate(model, { prompt, length, temperature, topK, seed })].join("");
  if (json)
    terminal.print(JSON.stringify({ schema: "steepest.generate/1", prompt, text, seed, temperature }));
  else terminal.print(prompt + text);
}
