/** A plan in words and a table. */
import type { Plan, PlanRow } from "../../handoff/plan/plan.ts";
import { showNumber, showWhole } from "../../run/show-number.ts";
import { type Terminal, table } from "../terminal.ts";

export function reportPlan(plan: Plan, { bold, dim }: Terminal["colors"]): string {
  const { cost, compute, network, jitter, noiseScale, rows, refused, checks } = plan;
  const { bytes, flops } = cost;
  const { atLeast = 0 } = compute.value;
  const { machine } = network.value;
  const facts: [string, string][] = [
    ["model", `${showWhole(cost.parameters)} parameters, batch ${plan.batchSize}, ${plan.optimizer}`],
    [
      "memory",
      `${showBytes(bytes.total)} a process: ${[
        ["parameters", bytes.parameters],
        ["gradients", bytes.gradients],
        ["optimizer", bytes.optimizerState],
        ["activations", bytes.activations],
        ["batch", bytes.batch],
        ["buffers", bytes.buffers],
      ]
        .filter(([, n]) => n !== 0)
        .map(([what, n]) => `${what} ${showBytes(n as number)}`)
        .join(", ")}`,
    ],
    [
      "arithmetic",
      `${showNumber(flops.total / 1e9)} Gflop a step${flops.renewal > 0 ? `, ${showNumber(flops.renewal / 1e9)} more where the optimizer renews its factors` : ""}`,
    ],
    plan.shares === null
      ? ["all-reduce", `${showBytes(plan.allReduceBytes)} of gradients a step`]
      : [
          "shared out",
          `parameters are gathered twice a step in ${plan.shares.parts} part${plan.shares.parts === 1 ? "" : "s"}, the largest ${showBytes(plan.shares.largestBytes)}; gradients are summed where they belong`,
        ],
    [
      "compute",
      `${showTime(compute.value.perStep)} a step and ${showTime(compute.value.perRow)} a row${atLeast > 0 ? `, never below ${showTime(atLeast)} to start the kernels` : ""} (${compute.source})`,
    ],
    [
      "network",
      `${showTime(network.value.latency)} a message, ${showBytes(network.value.bandwidth)}/s${machine === undefined ? "" : `; within a machine of ${machine.processes} ${showTime(machine.latency)} and ${showBytes(machine.bandwidth)}/s`} (${network.source})`,
    ],
    ["jitter", `${showNumber(100 * jitter.value)} % of a step: all wait for the slowest (${jitter.source})`],
    [
      "noise scale",
      noiseScale === null
        ? "not known: the gradient can't be told from its noise, so more rows go on helping"
        : `${showNumber(noiseScale.value.rows)}${noiseScale.value.standardError === null ? "" : ` ± ${showNumber(noiseScale.value.standardError)}`} rows, the critical batch size (${noiseScale.source})`,
    ],
  ];
  const lines = [bold(plan.run), ...facts.map(([what, text]) => `${what.padEnd(12)} ${text}`), ""];
  for (const { processes, secondsPerStep, secondsApart, predictedSecondsPerStep } of checks) {
    const off = predictedSecondsPerStep / secondsPerStep - 1;
    const sign = off >= 0 ? "+" : "−";
    lines.push(
      `checked: ${processes} processes predicted ${showTime(predictedSecondsPerStep)} a step, measured ${showTime(secondsPerStep)} (${sign}${Math.abs(100 * off).toFixed(0)} %)`,
      dim(`         ${showTime(secondsApart)} of it is each one's own work while they share this machine`),
      "",
    );
  }
  lines.push(
    table(
      [HEAD, ...rows.map(tableRow)].map((cells) => (plan.shares === null ? cells.toSpliced(6, 1) : cells)),
    ),
    "",
  );
  for (const { processes, why } of refused) lines.push(dim(`${processes} processes: ${why}`));
  lines.push(...conclusion(plan));
  return lines.join("\n");
}

const HEAD = [
  "processes",
  "batch",
  "time/step",
  "steps/s",
  "rows/s",
  "efficiency",
  "memory",
  "same loss",
  "lr",
  "",
];

function tableRow(row: PlanRow): string[] {
  const { efficiency, efficiencyOverlapped, speedup, advice } = row;
  const percent = (x: number): string => `${Math.round(100 * x)} %`;
  const range =
    percent(efficiency) === percent(efficiencyOverlapped)
      ? percent(efficiency)
      : `${percent(efficiency)}–${percent(efficiencyOverlapped)}`;
  return [
    String(row.processes),
    showWhole(row.globalBatch),
    showTime(row.measuredSecondsPerStep ?? row.secondsPerStep),
    showNumber(1 / (row.measuredSecondsPerStep ?? row.secondsPerStep)),
    showNumber(row.globalBatch / (row.measuredSecondsPerStep ?? row.secondsPerStep)),
    range,
    showBytes(row.bytesPerProcess),
    speedup === null ? "?" : `${speedup.toFixed(1)}× sooner`,
    `${advice.lr === null ? "?" : showNumber(advice.lr)} ${advice.optimizer}`,
    row.measuredSecondsPerStep === null ? "predicted" : "measured",
  ];
}

function conclusion({ enough, noiseScale, rows, optimizer }: Plan): string[] {
  const lines = [
    "efficiency: rows a second and process against one process; the second figure if sending hides behind compute.",
    "same loss: (1 + B_noise/B) steps are needed, so a batch beyond the noise scale buys little.",
  ];
  const best = rows.filter((r) => r.speedup !== null).sort((a, b) => b.speedup! - a.speedup!)[0];
  if (noiseScale !== null && best !== undefined) {
    lines.push(
      "",
      enough === null
        ? `All of these batches are below the noise scale of ${showNumber(noiseScale.value.rows)} rows: more processes go on helping.`
        : `From ${enough} process${enough === 1 ? "" : "es"} on, the batch exceeds the noise scale: more processes buy little. ` +
            `Soonest of these is ${best.processes}, ${best.speedup!.toFixed(1)}× sooner than one.`,
    );
  }
  const large = rows.find((r) => r.processes > 1 && r.globalBatch > rows[0]!.globalBatch);
  if (large !== undefined) {
    const { rule, why } = large.advice;
    lines.push("", `The rate for a larger batch, by the ${rule} rule for ${optimizer}: ${why}.`);
    const other = rows.find((r) => r.advice.optimizer !== optimizer);
    if (other !== undefined) lines.push(`From ${showWhole(other.globalBatch)} rows on: ${other.advice.why}.`);
  }
  return lines;
}

function showTime(seconds: number): string {
  if (seconds === 0) return "0 s";
  const units: [number, string][] = [
    [1, "s"],
    [1e-3, "ms"],
    [1e-6, "µs"],
  ];
  const [unit, name] = units.find(([u]) => seconds >= u) ?? [1e-9, "ns"];
  return `${Number((seconds / unit).toPrecision(3))} ${name}`;
}

function showBytes(n: number): string {
  const units: [number, string][] = [
    [1e12, "TB"],
    [1e9, "GB"],
    [1e6, "MB"],
    [1e3, "kB"],
  ];
  const [unit, name] = units.find(([u]) => n >= u) ?? [1, "B"];
  return `${Number((n / unit).toPrecision(3))} ${name}`;
}
