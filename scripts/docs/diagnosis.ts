import { readFileSync } from "node:fs";
import { FEATURES } from "../../src/diagnose/features.ts";
import { type Rule, rules } from "../../src/diagnose/index.ts";
import { code, table, withBlock } from "./markdown.ts";

const fault: Readonly<Record<`${Rule["notTheRate"]}`, string>> = {
  false: "",
  true: " (not the rate's fault)",
  "even-good": " (not the rate's fault; no verdict, not even a good one)",
};

const findings = (): string =>
  table(
    ["finding", "severity", "looks for"],
    rules.map((r) => [code(r.name), r.severity, `${r.about}${fault[`${r.notTheRate}`]}`]),
  );

const features = (): string =>
  table(
    ["feature", "measures"],
    Object.entries(FEATURES).map(([name, about]) => [code(name), about]),
  );

/** docs/diagnosis.md: written by hand, but for the tables of findings and of features. */
export function diagnosisPage(): string {
  const page = readFileSync(new URL("../../docs/diagnosis.md", import.meta.url), "utf8");
  return withBlock(withBlock(page, "findings", findings()), "features", features());
}
