/** The GitHub Action's step: logs → a comment on the pull request, the job's summary, marks on the files. */
import { appendFileSync, readFileSync } from "node:fs";
import { FORMATS } from "../../src/cli/diagnose/formats.ts";
import { diagnose } from "../../src/diagnose/index.ts";
import { type Judged, nameOf } from "../../src/diagnose/words.ts";
import { readLogPaths } from "../../src/logs/node-files.ts";
import { formatError, SteepestError } from "../../src/run/errors.ts";
import { plain } from "../../src/run/plain.ts";
import { type Place, placeOf, putComment } from "./github.ts";

interface Inputs {
  readonly paths: readonly string[];
  readonly loss: string | undefined;
  readonly lr: string | undefined;
  readonly step: string | undefined;
  readonly strict: boolean;
  readonly comment: boolean;
  readonly key: string;
  readonly token: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws SteepestError */
function inputsOf(env: Environment): Inputs {
  const text = (name: string): string => (env[name] ?? "").trim();
  const optional = (name: string): string | undefined => text(name) || undefined;
  const flag = (name: string, input: string): boolean => {
    const value = text(name);
    if (value === "true" || value === "false") return value === "true";
    throw new SteepestError("input", `${input} is ${JSON.stringify(value)}`, { help: "write true or false" });
  };
  const paths = text("STEEPEST_PATHS")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  if (paths.length === 0) {
    throw new SteepestError("input", "paths is empty", {
      help: "name log files, folders or patterns, one a line",
    });
  }
  // standard input of a job's step holds nothing
  if (paths.includes("-")) throw new SteepestError("input", "paths holds -", { help: "name a file" });
  const key = text("STEEPEST_KEY");
  if (!/^[\w.-]{1,50}$/.test(key)) {
    throw new SteepestError("input", `key is ${JSON.stringify(key)}`, {
      help: "give one word of letters and digits",
    });
  }
  return {
    paths,
    loss: optional("STEEPEST_LOSS_COLUMN"),
    lr: optional("STEEPEST_LR_COLUMN"),
    step: optional("STEEPEST_STEP_COLUMN"),
    strict: flag("STEEPEST_STRICT", "strict"),
    comment: flag("STEEPEST_COMMENT", "comment"),
    key,
    token: text("STEEPEST_TOKEN"),
  };
}

/** GitHub takes 65,536 characters in a comment. */
const LONGEST = 60_000;

/** As many runs as a comment holds; the others are counted. */
function bodyOf(judged: readonly Judged[], marker: string): string {
  const parts = judged.map((one) => FORMATS.markdown([one]));
  let [body, shown] = [marker, 0];
  for (const part of parts) {
    if (body.length + part.length > LONGEST) break;
    body += `\n\n${part}`;
    shown++;
  }
  const left = parts.length - shown;
  return left === 0 ? body : `${body}\n\n${left} more ${left === 1 ? "run is" : "runs are"} not shown.`;
}

const print = (text: string): boolean => process.stdout.write(`${text}\n`);
/** As a line of its own that GitHub shows with the job. */
const command = (level: "warning" | "error", text: string): boolean =>
  print(`::${level}::${plain(text).replaceAll("%", "%25")}`);

async function main(env: Environment): Promise<number> {
  const inputs = inputsOf(env);
  const { paths, loss, lr, step } = inputs;
  const logs = await readLogPaths(paths, { loss, lr, step });
  const { runs } = diagnose(logs);
  const judged = runs.map((run, i): Judged => ({ log: logs[i]!, run }));
  print(FORMATS.github(judged));
  const body = bodyOf(judged, `<!-- steepest: ${inputs.key} -->`);
  const summary = env["GITHUB_STEP_SUMMARY"];
  if (summary !== undefined && summary !== "") appendFileSync(summary, `${body}\n`);
  if (inputs.comment) await comment(body, inputs, env);
  const broken = judged.filter(({ run }) => run.findings.some((f) => f.severity === "critical"));
  if (!inputs.strict || broken.length === 0) return 0;
  command("error", `critical: ${broken.map(({ run }) => nameOf(run)).join(", ")}`);
  return 1;
}

async function comment(body: string, { token, key }: Inputs, env: Environment): Promise<void> {
  const event = env["GITHUB_EVENT_PATH"];
  const place: Place | null = event ? placeOf(JSON.parse(readFileSync(event, "utf8")), env, token) : null;
  if (place === null) {
    print("no pull request: the diagnosis is in the job's summary");
    return;
  }
  const refused = await putComment(place, { body, marker: `<!-- steepest: ${key} -->` });
  if (refused === null) return;
  if (!place.fromFork) {
    throw new SteepestError("comment", `the comment was not written: ${refused}`, {
      help: "give the job the permission pull-requests: write",
      exitCode: 1,
    });
  }
  command("warning", "pull requests from forks get no comment; the diagnosis is in the job's summary");
}

try {
  process.exitCode = await main(process.env);
} catch (error) {
  const [first = "", ...rest] = formatError(error).split("\n");
  command("error", first);
  for (const line of rest) print(plain(line));
  process.exitCode = error instanceof SteepestError ? error.exitCode : 1;
}
