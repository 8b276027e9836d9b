import { z } from "zod";
import { describeRange, findSchedule, schedules } from "../../../optim/schedules/index.ts";
import { scheduleValues, shownSteps } from "../../schedule/values.ts";
import { answerOf, defineTool, type Tool } from "../tool.ts";

export const schedule: Tool = defineTool({
  name: "schedule",
  title: "Values of a learning-rate schedule",
  description:
    "Prints a schedule's learning rate step by step, its formula and its options; names of PyTorch, Hugging Face, Keras and " +
    "optax are known. With plot: true comes a picture. Without a name it lists all schedules.",
  input: z.object({
    name: z.string().optional().describe("a schedule, by its name here or elsewhere"),
    lr: z.number().positive().default(0.1).describe("base learning rate"),
    steps: z.number().int().min(1).max(10_000_000).default(100).describe("steps of the training"),
    stepsPerEpoch: z.number().int().min(1).optional().describe("for schedules that count epochs"),
    options: z
      .record(z.string(), z.unknown())
      .default({})
      .describe('of the schedule, for example {"warmupSteps": 10}'),
    points: z.number().int().min(2).max(500).default(20).describe("about so many steps are listed"),
    plot: z.boolean().default(false).describe("add a picture"),
  }),
  reads: true,
  async call({ name, lr, steps, stepsPerEpoch, options, points, plot }) {
    if (name === undefined) {
      const all = schedules.map((s) => ({ name: s.name, description: s.about }));
      return answerOf(JSON.stringify({ schema: "steepest.schedules/1", schedules: all }));
    }
    const { entry, lrs, momenta } = scheduleValues(name, { lr, steps, stepsPerEpoch, options });
    const shown = shownSteps(steps, Math.max(1, Math.ceil(steps / points)));
    const answer = {
      schema: "steepest.schedule/1",
      name: entry.name,
      formula: entry.formula,
      lr,
      steps,
      options: { given: options, all: optionsOf(name) },
      values: shown.map((step) => ({
        step,
        lr: Number(lrs[step]!.toPrecision(6)),
        ...(momenta !== null && { momentum: momenta[step] }),
      })),
    };
    if (!plot) return answerOf(JSON.stringify(answer));
    const { scheduleChart } = await import("../../../plot/charts/schedule.ts");
    const { renderPng } = await import("../../../plot/node-png.ts");
    const chart = scheduleChart([{ name: entry.name, lrs, momenta }], { subtitle: entry.formula });
    const { bytes } = await renderPng(chart, { scale: 1 });
    return answerOf(JSON.stringify(answer), {
      more: [{ type: "image", data: Buffer.from(bytes).toString("base64"), mimeType: "image/png" }],
    });
  },
});

const optionsOf = (name: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(findSchedule(name).entry.options).map(([key, o]) => [
      key,
      `${o.description}; ${describeRange(o)}; default ${String(o.default ?? "none")}`,
    ]),
  );
