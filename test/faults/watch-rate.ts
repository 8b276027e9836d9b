/**
 * How fast `diagnose --watch` reads standard input: `npx jiti test/faults/watch-rate.ts 4000000` writes so many lines of each
 * form into the built command. Prints lines by second of the command's processor time (judging included; between a tenth
 * of the lines and the last), its memory, and how it tells of a NaN in the last line; exit 1 where it does not. Linux only: time and
 * memory are read from /proc.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const steepest = fileURLToPath(new URL("../../bin/steepest.js", import.meta.url));
const lines = Number(process.argv[2] ?? 1_000_000);
const CHUNK = 1 << 16;
/** Hertz of /proc's clock on Linux. */
const TICKS = 100;

interface Form {
  readonly head: string;
  readonly line: (step: number, loss: string) => string;
}

const forms: Readonly<Record<string, Form>> = {
  text: { head: "", line: (step, loss) => `step ${step} loss ${loss} lr 1.0e-3\n` },
  csv: { head: "step,loss,lr\n", line: (step, loss) => `${step},${loss},0.001\n` },
  jsonl: { head: "", line: (step, loss) => `{"step":${step},"loss":${loss},"lr":0.001}\n` },
};

function* chunks({ head, line }: Form): Generator<{ text: string; done: number }> {
  let text = head;
  for (let i = 0; i < lines; i++) {
    const loss = 2.5 * Math.exp((-3 * i) / lines) + 0.1 * Math.sin(i * 12.9898);
    text += line(i, i === lines - 1 ? "NaN" : loss.toFixed(4));
    if (text.length < CHUNK && i < lines - 1) continue;
    yield { text, done: i + 1 };
    text = "";
  }
}

/** Seconds of processor time, and the most memory so far in MB. */
function costOf(pid: number): { seconds: number; megabytes: number } {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1];
  return { seconds: (Number(fields[11]) + Number(fields[12])) / TICKS, megabytes: Number(peak) / 1024 };
}

let failed = false;
for (const [name, form] of Object.entries(forms)) {
  const child = spawn(process.execPath, [steepest, "diagnose", "-", "--watch"]);
  const closed = once(child, "close");
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  let early: { done: number; seconds: number } | null = null;
  for (const { text, done } of chunks(form)) {
    if (!child.stdin.write(text)) await once(child.stdin, "drain");
    if (done >= lines / 10) early ??= { done, ...costOf(child.pid!) };
  }
  const { seconds, megabytes } = costOf(child.pid!);
  child.stdin.end();
  await closed;
  const rate = (lines - early!.done) / (seconds - early!.seconds);
  const told = new RegExp(`non-finite at step ${lines - 1}`).test(said);
  failed ||= !told;
  console.log(
    `${name}: ${(rate / 1e6).toFixed(2)} million lines a second, ${Math.round(megabytes)} MB at most; the NaN is ${told ? "told" : "not told"}`,
  );
}
process.exitCode = failed ? 1 : 0;
