import { expect, test } from "vitest";
import { createWarnings } from "./warnings.ts";

/** A loss that rests at 1, as a run that logs each step writes it between two looks. */
const lines = (from: number, to: number, loss: (step: number) => number): string => {
  let text = "";
  for (let step = from; step < to; step++) text += `{"step":${step},"loss":${loss(step)},"lr":0.1}\n`;
  return text;
};

/** Steps of what is told of a log that came within one look, and was stopped by a NaN at `broken`. */
function told(broken: number, count: number): number[] {
  let now = 0;
  const steps: number[] = [];
  const warnings = createWarnings({
    before: [],
    clock: () => now,
    onWarning: ({ id, steps: [step] }) => {
      if (id === "non-finite") steps.push(step);
    },
  });
  for (let at = 1; at <= count; at += 10_000) {
    const text = lines(at, at + 10_000, (step) => 1 + 0.01 * Math.sin(step));
    warnings.append(text.replace(`{"step":${broken},"loss":1`, `{"step":${broken},"loss":"NaN","was":1`));
  }
  now = 1e6;
  warnings.look();
  return steps;
}

test("of lines that come faster than they are looked at the newest wait, and no more", () => {
  expect(told(149_000, 150_000)).toEqual([149_000]);
  // the diagnosis at the end tells it
  expect(told(1000, 150_000)).toEqual([]);
});
