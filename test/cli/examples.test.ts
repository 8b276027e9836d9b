/** Every file in examples/ runs and gets where its description says. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { examples, folder, steepest } from "./steepest.ts";

interface Result {
  readonly status: string;
  readonly finalLoss: number;
  readonly metrics: Readonly<Record<string, number>>;
}

async function result(name: string, flags: readonly string[] = []): Promise<Result> {
  const { code, stdout, stderr } = await steepest(["train", join(examples, name), "--json", ...flags], {
    cwd: folder(),
  });
  expect(code, stderr).toBe(0);
  expect(stdout.trimEnd().split("\n")).toHaveLength(1);
  return JSON.parse(stdout) as Result;
}

const expectations: Readonly<Record<string, (result: Result) => void>> = {
  // over 96 % on 2,000 digits it never saw
  "digits.json": ({ metrics }) => expect(metrics["testAccuracy"]).toBeGreaterThan(0.96),
  // the noise of the generated prices has variance 81
  "houses.yaml": ({ metrics }) => expect(metrics["validationLoss"]).toBeLessThan(130),
  // PyTorch's 500 epochs of Adam end at 0.4067 from its own initial weights
  "lesson.json": ({ finalLoss }) => expect(finalLoss).toBeCloseTo(0.407, 2),
  // 3.6 is a uniform guess over the text's 37 characters
  "text.yaml": ({ metrics }) => expect(metrics["validationLoss"]).toBeLessThan(2.2),
  "own-model.ts": ({ metrics }) => expect(metrics["validationLoss"]).toBeLessThan(0.02),
};

test("every run file has an expectation", () => {
  // a module without a default export is a program of its own, not a run
  const isRun = (f: string): boolean =>
    /\.(json|ya?ml)$/.test(f) ||
    (f.endsWith(".ts") && readFileSync(join(examples, f), "utf8").includes("export default"));
  const runFiles = readdirSync(examples).filter(isRun);
  expect(runFiles.filter((f) => !(f in expectations))).toEqual([]);
});

test.each(Object.keys(expectations))("%s", async (name) => {
  expectations[name]!(await result(name));
});

test("the published JSON Schema is the one the code checks by", async () => {
  const { runJsonSchema } = await import("../../src/run/run-schema.ts");
  const published = readFileSync(new URL("../../schema/run.schema.json", import.meta.url), "utf8");
  expect(published, "run npm run schema").toBe(`${JSON.stringify(runJsonSchema(), null, 2)}\n`);
});

test("the version in the code is the package's", async () => {
  const { version } = await import("../../src/run/version.ts");
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  expect(version).toBe(manifest.version);
});
