/** Where the example logs are. Their origins and licences: test/logs/real/README.md and test/runs/README.md. */
import bloom from "../../../../test/logs/real/01-megatron-bloom176b-recovered-spike.log?url";
import nanogpt from "../../../../test/logs/real/03-nanogpt-recurrent-spikes-overfit.log?url";
import wandb from "../../../../test/logs/real/05-wandb-binary-alpaca-39steps.wandb?url";
import alpaca from "../../../../test/logs/real/06-hf-alpaca-epoch-staircase.json?url";
import low from "../../../../test/logs/real/11-csv-cs336-lr1e-4-too-low-but-smooth.csv?url";
import best from "../../../../test/logs/real/12-csv-cs336-lr3e-3-best.csv?url";
import high from "../../../../test/logs/real/13-csv-cs336-lr1e-2-slightly-high.csv?url";
import still from "../../../../test/runs/dev-000.csv?url";
import jumped from "../../../../test/runs/dev-096.jsonl?url";
import type { Example } from "./view.ts";

export interface ExampleFile {
  readonly name: string;
  readonly url: string;
}

export const exampleFiles: Readonly<Record<Exclude<Example, "own">, readonly ExampleFile[]>> = {
  sweep: [
    { name: "lr-1e-4.csv", url: low },
    { name: "lr-3e-3.csv", url: best },
    { name: "lr-1e-2.csv", url: high },
  ],
  diverged: [{ name: "char-gpt.jsonl", url: jumped }],
  spikes: [{ name: "nanogpt.log", url: nanogpt }],
  staircase: [{ name: "trainer_state.json", url: alpaca }],
  recovered: [{ name: "bloom-176b.log", url: bloom }],
  "too-low": [{ name: "digits.csv", url: still }],
  short: [{ name: "alpaca.wandb", url: wandb }],
};
