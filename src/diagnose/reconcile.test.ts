import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { makeLog, noise } from "../../test/diagnose/make-log.ts";
import { diagnose, diagnoseRun, type Finding, rules } from "./index.ts";
import { opponents, outrank, reconcile } from "./reconcile.ts";
import type { Verdict } from "./types.ts";
import { groupFindings, headlineOf } from "./words.ts";

const finding = (more: Partial<Finding>): Finding => ({
  id: "divergence",
  severity: "warning",
  direction: "neither",
  steps: [0, 1],
  evidence: {},
  advice: "",
  alternatives: [],
  decide: "",
  ...more,
});
const verdict = (name: Verdict["verdict"]): Verdict => ({
  verdict: name,
  verdicts: name === "inconclusive" ? [] : [name],
  confidence: 0.9,
  action: { lr: { multiply: 3 }, text: "" },
  reason: "",
  probabilities: null,
});

describe("verdict and findings", () => {
  it("no verdict stands beside a finding that advises the opposite", () => {
    const stands = (name: Verdict["verdict"], direction: Finding["direction"]): boolean =>
      reconcile(verdict(name), [finding({ direction })]).verdict === name;
    for (const name of ["good", "too-low"] as const) expect(stands(name, "lower")).toBe(false);
    expect(stands("too-low", "not-higher")).toBe(false);
    expect(stands("good", "not-higher")).toBe(true);
    for (const name of ["too-high", "slightly-high"] as const) {
      expect(stands(name, "lower")).toBe(true);
      expect(stands(name, "raise")).toBe(false);
    }
    expect(stands("too-low", "neither")).toBe(true);
    const back = reconcile(verdict("too-low"), [finding({ direction: "lower" })]);
    expect(back).toMatchObject({ verdict: "inconclusive", confidence: 0, action: { lr: null } });
    expect(back.reason).toContain('"divergence" asks for a lower one');
  });

  it("a smooth fall with four spikes is not told to raise its rate above the advice to lower it", () => {
    const e = noise();
    const spike = (i: number): number => (i > 60 && i % 80 < 10 ? 1 + 1.6 * Math.exp(-(i % 80) / 3) : 1);
    const log = makeLog({
      loss: (i) => (1 + 2 * Math.exp(-i / 90) + 0.005 * e()) * spike(i),
      lr: () => 0.01,
    });
    const run = diagnoseRun(log);
    expect(run.findings.map((f) => f.id)).toContain("recurrent-spikes");
    expect(opponents(run.verdict, run.findings)).toEqual([]);
  });

  it("a comparison outranks one curve, and says that it does", () => {
    const [run] = diagnose([makeLog({ loss: (i) => Math.exp(-i / 50) })]).runs;
    const judged = outrank(
      { ...run!, verdict: "too-low" },
      [finding({ direction: "lower" })],
      "the other runs",
    );
    expect(judged.verdict).toBe("too-low");
    expect(judged.action.text).toContain("the other runs outrank it");
  });
});

describe("the headline", () => {
  const base = diagnose([makeLog({ loss: (i) => Math.exp(-i / 50) })]).runs[0]!;
  it("is a critical finding before a good rate, and the rate comes without a tick", () => {
    const worse = finding({ id: "overfitting", severity: "critical", direction: "not-higher" });
    const run = {
      ...base,
      verdict: "good" as const,
      verdicts: ["good" as const],
      confidence: 0.98,
      findings: [worse],
    };
    expect(headlineOf(run)).toMatchObject({
      words: "overfitting",
      tone: "critical",
      rate: "learning rate good — almost certain, 98 %",
    });
    expect(headlineOf({ ...run, findings: [] })).toMatchObject({ symbol: "✓", rate: null });
  });
  it("is the verdict where the critical finding says the same", () => {
    const critical = finding({ severity: "critical", direction: "lower" });
    const run = {
      ...base,
      verdict: "too-high" as const,
      verdicts: ["too-high" as const],
      confidence: 0.98,
      findings: [critical],
    };
    expect(headlineOf(run)).toMatchObject({ tone: "critical", rate: null });
  });
});

describe("rules declare their behaviour", () => {
  it("absorb and alert by names that exist", () => {
    const names = rules.map((r) => r.name);
    expect(new Set(names).size).toBe(names.length);
    for (const rule of rules) for (const other of rule.absorbs) expect(names).toContain(other);
  });
  it("tell an absorbed finding once, unless it is graver", () => {
    const many = finding({ id: "recurrent-spikes" });
    const one = finding({ id: "loss-spike", severity: "info" });
    expect(groupFindings([many, one]).map((g) => g.id)).toEqual(["recurrent-spikes"]);
    const grave = finding({ id: "loss-spike", severity: "critical" });
    expect(groupFindings([many, grave]).map((g) => g.id)).toEqual(["loss-spike", "recurrent-spikes"]);
  });
  it("nobody outside src/diagnose knows a rule's behaviour by its name", () => {
    const folders = ["../cli/diagnose", "../../lab/src/rooms/doctor"];
    const known = folders.flatMap((folder) => {
      const at = new URL(`${folder}/`, import.meta.url);
      return readdirSync(at)
        .filter((f) => /\.(ts|svelte)$/.test(f))
        .filter((f) =>
          rules.some(
            (r) => r.name.includes("-") && readFileSync(new URL(f, at), "utf8").includes(`"${r.name}"`),
          ),
        );
    });
    expect(known).toEqual([]);
  });
});
