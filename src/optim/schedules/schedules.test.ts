/** Properties of the whole table, and what makeSchedule refuses. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SteepestError } from "../../run/errors.ts";
import {
  describeRange,
  findSchedule,
  isMetricSchedule,
  joinSchedules,
  makeSchedule,
  type OptionSpec,
  type Options,
  type Schedule,
  schedules,
} from "./index.ts";

function steps(name: string, lr: number, options: Options = {}, run = {}): Schedule {
  const made = makeSchedule(name, lr, options, run);
  if (isMetricSchedule(made)) throw new Error(`${name} follows a metric`);
  return made;
}

function refusal(call: () => unknown): SteepestError {
  try {
    call();
  } catch (error) {
    if (error instanceof SteepestError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("the table", () => {
  it("has every name and alias once, in the spelling of its kind", () => {
    const names = schedules.flatMap((entry) => [entry.name, ...entry.elsewhere.map((alias) => alias.name)]);
    // Hugging Face's word for it is ours as well.
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual(["constant"]);
    for (const { name } of schedules) expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
  });

  it("describes every option, with defaults that pass their own check", () => {
    for (const entry of schedules) {
      expect(entry.about, entry.name).toMatch(/\.$/);
      expect(entry.formula.length, entry.name).toBeGreaterThan(1);
      expect(entry.source.cite.length, entry.name).toBeGreaterThan(5);
      for (const [key, spec] of Object.entries(entry.options)) {
        expect(spec.description, `${entry.name}.${key}`).toMatch(/\.$/);
        if (spec.default === undefined) continue;
        expect(
          () => makeSchedule(entry.name, 0.1, { ...entry.example, [key]: spec.default }),
          `${entry.name}.${key}`,
        ).not.toThrow();
      }
    }
  });

  it("renames only to options that exist", () => {
    for (const entry of schedules)
      for (const alias of entry.elsewhere)
        for (const ours of [...Object.values(alias.options ?? {}), ...Object.keys(alias.preset ?? {})])
          expect(
            ["lr", "unit", "stepsPerEpoch", ...Object.keys(entry.options)],
            `${alias.name}: ${ours}`,
          ).toContain(ours);
  });

  it("knows Hugging Face's eleven kinds", () => {
    const kinds = [
      "linear",
      "cosine",
      "cosine_with_restarts",
      "polynomial",
      "constant",
      "constant_with_warmup",
      "inverse_sqrt",
      "reduce_lr_on_plateau",
      "cosine_with_min_lr",
      "cosine_warmup_with_min_lr",
      "warmup_stable_decay",
    ];
    for (const kind of kinds) expect(findSchedule(kind).entry.name).toBeTruthy();
  });
});

describe("every schedule", () => {
  for (const entry of schedules) {
    it(`${entry.name}: finite, not negative, the same in any order, momentum in [0, 1]`, () => {
      const made = makeSchedule(entry.name, 0.1, entry.example);
      if (isMetricSchedule(made)) {
        fc.assert(
          fc.property(fc.array(fc.double()), (metrics) => {
            for (const metric of metrics) {
              const before = made.value();
              made.observe(metric);
              // greedy also raises the rate
              if (entry.name === "reduce-on-plateau") expect(made.value()).toBeLessThanOrEqual(before);
              expect(made.value()).toBeLessThan(Infinity);
              expect(made.value()).toBeGreaterThanOrEqual(0);
            }
          }),
        );
        return;
      }
      // Asked in order, by another instance, against any order, by this one; far beyond the end as well.
      const inOrder = steps(entry.name, 0.1, entry.example);
      const expected = Array.from({ length: 400 }, (_, k) => [inOrder(k), inOrder.momentumAt?.(k)]);
      fc.assert(
        fc.property(fc.array(fc.nat(399)), (order) => {
          for (const k of order) expect([made(k), made.momentumAt?.(k)]).toEqual(expected[k]);
        }),
      );
      const step = fc.oneof(fc.nat(399), fc.double({ min: 0, max: 400, noNaN: true }));
      fc.assert(
        fc.property(step, (k) => {
          expect(made(k)).toBeGreaterThanOrEqual(0);
          expect(made(k)).toBeLessThan(Infinity);
          if (!made.momentumAt) return;
          expect(made.momentumAt(k)).toBeGreaterThanOrEqual(0);
          expect(made.momentumAt(k)).toBeLessThanOrEqual(1);
        }),
      );
    });

    it(`${entry.name}: lr 0 gives no NaN`, () => {
      const made = makeSchedule(entry.name, 0, entry.name === "cyclic" ? { baseLr: 0 } : entry.example);
      if (isMetricSchedule(made)) expect(made.value()).toBe(0);
      else for (const k of [0, 1, 10, 50, 99, 150]) expect(made(k)).not.toBeNaN();
    });

    it(`${entry.name}: refuses what its ranges exclude, naming the key`, () => {
      for (const [key, spec] of Object.entries(entry.options))
        for (const bad of badValues(spec)) {
          const error = refusal(() => makeSchedule(entry.name, 0.1, { ...entry.example, [key]: bad }));
          expect(error.id).toBe("schedule-option");
          expect(error.message).toContain(`schedule.${key}`);
        }
    });
  }
});

function badValues(spec: OptionSpec): readonly unknown[] {
  const outside = [
    spec.min === undefined ? [] : [spec.min - 1],
    spec.above === undefined ? [] : [spec.above],
    spec.max === undefined ? [] : [spec.max + 1],
  ].flat();
  switch (spec.type) {
    case "number":
      return [...outside, NaN, Infinity, "1"];
    case "integer":
      return [...outside, 2.5, "1"];
    case "number[]":
      return [...outside.map((x) => [x]), 1, [NaN], ["1"]];
    case "boolean":
      return [1, "true"];
    case "choice":
      return ["no such word", 1, "toString"];
    case "schedule":
      return [1, {}, []];
    default:
      return [1, "x", [1]].filter((value) => spec.type !== "function" || typeof value !== "function");
  }
}

describe("makeSchedule", () => {
  it("suggests the name that was meant, ours or another library's", () => {
    expect(refusal(() => makeSchedule("warmup-cosin", 0.1)).help).toBe('did you mean "warmup-cosine"?');
    expect(refusal(() => makeSchedule("CosineAnealingLR", 0.1)).help).toBe(
      'did you mean "CosineAnnealingLR"?',
    );
    expect(refusal(() => makeSchedule("zzzzzzzz", 0.1)).help).toContain("warmup-stable-decay");
    expect(refusal(() => makeSchedule("toString", 0.1)).id).toBe("unknown-schedule");
  });

  it("suggests the option that was meant, in the words of the name that was used", () => {
    const ours = refusal(() => makeSchedule("step", 0.1, { stepsize: 3 }));
    expect(ours.message).toBe('step has no option "stepsize", at schedule.stepsize');
    expect(ours.help).toBe('did you mean "stepSize"?');
    const torch = refusal(() => makeSchedule("CosineAnnealingLR", 0.1, { T_maxx: 3 }));
    expect(torch.help).toBe('did you mean "T_max"?');
  });

  it("names the place inside a combinator", () => {
    const error = refusal(() =>
      makeSchedule("join", 0.1, {
        schedules: [
          { name: "constant" },
          { name: "chain", schedules: [{ name: "step", stepSize: 3, gamma: -1 }] },
        ],
        boundaries: [5],
      }),
    );
    expect(error.message).toBe("gamma is -1, at schedule.schedules[1].schedules[0].gamma");
    expect(error.help).toBe("gamma must be a finite number > 0: The factor.");
  });

  it("refuses a learning rate that is none", () => {
    for (const lr of [-0.1, NaN, Infinity])
      expect(refusal(() => makeSchedule("constant", lr)).message).toContain("schedule.lr");
  });

  it("refuses an option given twice, in their word and in ours", () => {
    const error = refusal(() => makeSchedule("CosineAnnealingLR", 0.1, { T_max: 3, tMax: 4 }));
    expect(error.help).toBe("give only one of them");
  });

  it("fills lengths from the run, each member of a join from its own part of it", () => {
    const filled = steps("cosine-annealing", 0.1, {}, { totalSteps: 100 });
    expect(filled(50)).toBe(steps("cosine-annealing", 0.1, { tMax: 100 })(50));
    expect(refusal(() => makeSchedule("cosine-annealing", 0.1)).help).toContain("totalSteps");
    const joined = steps(
      "join",
      0.1,
      {
        schedules: [{ name: "linear-factor", totalIters: 10 }, { name: "cosine-annealing" }],
        boundaries: [10],
      },
      { totalSteps: 100 },
    );
    expect(joined(10)).toBe(0.1);
    expect(joined(55)).toBeCloseTo(0.05, 15);
    expect(joined(100)).toBe(0);
  });

  it("counts whole epochs as PyTorch does when step() is called once an epoch, or fractional ones", () => {
    const whole = steps("StepLR", 0.1, { step_size: 2, unit: "epoch" }, { stepsPerEpoch: 10 });
    expect([0, 19, 20, 39, 40].map((k) => whole(k))).toEqual([
      0.1,
      0.1,
      0.1 * 0.1,
      0.1 * 0.1,
      0.1 * 0.1 ** 2,
    ]);
    const fraction = steps("CosineAnnealingWarmRestarts", 0.1, {
      T_0: 5,
      unit: "fractional-epoch",
      stepsPerEpoch: 4,
    });
    expect(fraction(7)).toBe(steps("CosineAnnealingWarmRestarts", 0.1, { T_0: 5 })(1.75));
    const tMax = steps("CosineAnnealingLR", 0.1, { unit: "epoch" }, { stepsPerEpoch: 10, totalSteps: 100 });
    expect(tMax(50)).toBe(steps("CosineAnnealingLR", 0.1, { T_max: 10 })(5));
    expect(refusal(() => makeSchedule("StepLR", 0.1, { step_size: 2, unit: "epoch" })).message).toContain(
      "stepsPerEpoch",
    );
    expect(
      refusal(() => makeSchedule("ReduceLROnPlateau", 0.1, { unit: "epoch", stepsPerEpoch: 2 })).message,
    ).toContain("schedule.unit");
  });

  it("takes a warm-up ratio, rounded up, unless steps are given (Hugging Face's rule)", () => {
    const ratio = steps("cosine", 0.1, { warmup_ratio: 0.033, num_training_steps: 100 });
    const four = steps("cosine", 0.1, { num_warmup_steps: 4, num_training_steps: 100 });
    for (const k of [0, 3, 4, 50]) expect(ratio(k)).toBe(four(k));
    expect(steps("cosine", 0.1, { warmup_ratio: 0.5, warmup_steps: 4, num_training_steps: 100 })(4)).toBe(
      0.1,
    );
    expect(refusal(() => makeSchedule("inverse-sqrt", 0.1, { warmupRatio: 0.1 })).help).toContain(
      "totalSteps",
    );
  });
});

describe("combinators", () => {
  it("joins functions and keeps the momentum of the member in force", () => {
    const cycle = steps("one-cycle", 0.1, { totalSteps: 20 });
    const joined = joinSchedules([() => 0.01, cycle], [5]);
    expect(joined(4)).toBe(0.01);
    expect(joined.momentumAt?.(4)).toBeUndefined();
    expect(joined(9)).toBe(cycle(4));
    expect(joined.momentumAt?.(9)).toBe(cycle.momentumAt?.(4));
    expect(joinSchedules([() => 1, () => 2], [5]).momentumAt).toBeUndefined();
  });

  it("gives shares of the run as fastai's combine_scheds does", () => {
    const joined = steps(
      "combine_scheds",
      0.1,
      { pcts: [0.25, 0.75], scheds: [{ name: "SchedLin", start: 0, end: 1 }, { name: "SchedNo" }] },
      { totalSteps: 100 },
    );
    expect([0, 5, 24, 25, 99].map(joined)).toEqual([0, 0.2, 0.96, 0.1, 0.1]);
    const uneven = {
      shares: [0.5, 0.4],
      schedules: [{ name: "constant" }, { name: "constant" }],
      totalSteps: 10,
    };
    expect(refusal(() => makeSchedule("join", 0.1, uneven)).message).toContain("add up to 0.9");
  });

  it("refuses a chain member that has a floor: PyTorch's recursion gives it another meaning", () => {
    const chained = (etaMin: number) => () =>
      makeSchedule("chain", 0.1, {
        schedules: [
          { name: "step", stepSize: 3 },
          { name: "CosineAnnealingLR", T_max: 10, eta_min: etaMin },
        ],
      });
    expect(refusal(chained(0.01)).message).toContain("schedule.schedules[1]");
    expect(chained(0)).not.toThrow();
  });

  it("refuses a metric schedule as a member", () => {
    const error = refusal(() =>
      makeSchedule("scale", 0.1, { schedule: { name: "reduce-on-plateau" }, factor: 2 }),
    );
    expect(error.message).toContain("schedule.schedule");
  });

  it("scales", () => {
    expect(steps("scale", 0.1, { schedule: { name: "constant" }, factor: 0.5 })(3)).toBe(0.05);
  });
});

describe("reduce-on-plateau", () => {
  it("goes on after restore as it would have without", () => {
    const options = { factor: 0.5, patience: 1, cooldown: 2 };
    const metrics = [1, 0.9, 0.95, 0.96, 0.97, 0.98, 0.99, 1, 1, 1, 1, 0.5, 0.6, 0.6, 0.6];
    const make = () => {
      const made = makeSchedule("reduce-on-plateau", 0.1, options);
      if (!isMetricSchedule(made)) throw new Error("reduce-on-plateau follows no metric");
      return made;
    };
    const whole = make();
    metrics.forEach((_, cut) => {
      const first = make();
      metrics.slice(0, cut).forEach(first.observe);
      const second = make();
      second.restore(JSON.parse(JSON.stringify(first.state())));
      metrics.slice(cut).forEach(second.observe);
      if (cut === 0) metrics.forEach(whole.observe);
      expect(second.state()).toEqual(whole.state());
    });
    expect(whole.value()).toBeLessThan(0.1);
  });

  it("treats infinite metrics as PyTorch does, through a saved state as well", () => {
    const made = makeSchedule("reduce-on-plateau", 0.1, { patience: 0, factor: 0.5 });
    if (!isMetricSchedule(made)) throw new Error("reduce-on-plateau follows no metric");
    made.observe(Infinity); // no better than the Infinity it starts from
    expect(made.value()).toBe(0.05);
    made.observe(-Infinity);
    expect(made.value()).toBe(0.05);
    made.restore(JSON.parse(JSON.stringify(made.state())));
    made.observe(-1e300);
    expect(made.value()).toBe(0.025);
  });

  it("counts NaN as no improvement and refuses a foreign state", () => {
    const made = makeSchedule("reduce-on-plateau", 0.1, { patience: 0 });
    if (!isMetricSchedule(made)) throw new Error("reduce-on-plateau follows no metric");
    made.observe(NaN);
    expect(made.value()).toBeCloseTo(0.01, 15);
    expect(refusal(() => made.restore({ momentum: 1 })).id).toBe("schedule-state");
  });
});

it("describes ranges in words", () => {
  expect(describeRange({ type: "number", description: "", above: 0, max: 1 })).toBe(
    "a finite number in (0, 1]",
  );
});
