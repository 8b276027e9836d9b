import { availableParallelism } from "node:os";
import { defineConfig, type ViteUserConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that wait for processes and pages of their own go first: begun last, they would be waited for by nothing. */
const WAITS = /[\\/]test[\\/](?:cli|faults|handoff|lab|library|package|probe|site)[\\/]/;

/** The longest of the others: begun last, one would run alone at the end. */
const LONG = /[\\/]test[\\/](?:optim[\\/]golden|webgpu|conformance)/;

/** Suites that leave nothing behind them, as tests beside the code: one load of the modules serves many files. */
const PURE = ["conformance", "diagnose", "logs", "nn", "optim", "predict", "robust", "surface", "tune"].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);

class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification): number =>
      WAITS.test(moduleId) ? 0 : LONG.test(moduleId) ? 1 : 2;
    return sorted.sort((a, b) => rank(a) - rank(b));
  }
}

const patience = { testTimeout: 180_000, hookTimeout: 300_000 };

const config: ViteUserConfig = defineConfig({
  test: {
    // three on two cores leave less of them idle while tests wait
    maxWorkers: Math.ceil(1.5 * availableParallelism()),
    // how long a condition may take is no part of a test
    expect: { poll: { timeout: 60_000 } },
    sequence: { sequencer: WaitingFirst },
    projects: [
      {
        extends: true,
        test: { name: "whole", include: ["test/**/*.test.ts"], exclude: PURE, ...patience },
      },
      {
        extends: true,
        test: { name: "unit", include: ["src/**/*.test.ts", ...PURE], isolate: false, ...patience },
      },
    ],
  },
});
export default config;
