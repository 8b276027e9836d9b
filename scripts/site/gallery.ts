/** A page of charts, each drawn by the command that stands above it. */
import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fence, page } from "../docs/markdown.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

interface Picture {
  readonly name: string;
  readonly about: string;
  /** Arguments of `steepest`; the picture's file follows. */
  readonly command: readonly string[];
}

export const pictures: readonly Picture[] = [
  {
    name: "schedule",
    about: "A schedule before it is used: rate and momentum of each step.",
    command: ["schedule", "one-cycle", "--lr", "0.01", "--steps", "1000", "--plot"],
  },
  {
    name: "paths",
    about: "Optimizers on a named function, each at the best rate found for it.",
    command: ["descend", "rosenbrock", "--optimizers", "sgd,adam,lbfgs", "--plot"],
  },
  {
    name: "diagnosis",
    about: "A training log with what the doctor finds in it.",
    command: ["diagnose", "training.log", "--plot"],
  },
  {
    name: "rate",
    about: "The search for a learning rate, with the rates that are as good.",
    command: ["find-lr", "houses.yaml", "--plot"],
  },
  {
    name: "comparison",
    about: "Optimizers over their rates: each one's best, and where it diverges.",
    command: ["compare", "houses.yaml", "--optimizers", "sgd,adam", "--seeds", "1", "--plot"],
  },
];

const section = ({ name, about, command }: Picture): string =>
  page(
    `## ${name.charAt(0).toUpperCase()}${name.slice(1)}`,
    about,
    fence("sh", `steepest ${command.join(" ")} ${name}.svg`),
    `![${about}](${name}.svg)`,
  ).trimEnd();

/** Draws the pictures into `folder` and writes gallery.md beside them. Throws where a command fails. */
export function writeGallery(folder: string, drawn: readonly Picture[] = pictures): string {
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(tmpdir(), "steepest-gallery-"));
  try {
    cpSync(join(root, "examples"), work, { recursive: true });
    copyFileSync(join(root, "test/runs/dev-003.log"), join(work, "training.log"));
    for (const { name, command } of drawn) {
      const args = [join(root, "bin/steepest.js"), ...command, join(folder, `${name}.svg`)];
      execFileSync(process.execPath, args, { cwd: work, stdio: ["ignore", "ignore", "inherit"] });
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  const file = join(folder, "gallery.md");
  writeFileSync(file, page("# Gallery", intro, ...drawn.map(section)));
  return file;
}

const intro =
  "Charts that the commands draw, each below its command. `houses.yaml` lies in `examples/`; `training.log` is one of the logs that the doctor's tests read.";
