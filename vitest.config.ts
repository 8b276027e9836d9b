import { availableParallelism } from "node:os";
import { defineConfig, type ViteUserConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that wait for processes and pages of their own go first: begun last, they would be waited for by nothing. */
const WAITS = /[\\/]test[\\/](?:cli|faults|handoff|lab|library|package|probe|site)[\\/]/;

class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return [
      ...sorted.filter(({ moduleId }) => WAITS.test(moduleId)),
      ...sorted.filter(({ moduleId }) => !WAITS.test(moduleId)),
    ];
  }
}

const patience = { testTimeout: 180_000, hookTimeout: 300_000 };

const config: ViteUserConfig = defineConfig({
  test: {
    // three on two cores leave less of them idle while tests wait
    maxWorkers: Math.ceil(1.5 * availableParallelism()),
    sequence: { sequencer: WaitingFirst },
    projects: [
      { extends: true, test: { name: "whole", include: ["test/**/*.test.ts"], ...patience } },
      // beside the code nothing outlives its test: one load of the modules serves many files
      { extends: true, test: { name: "unit", include: ["src/**/*.test.ts"], isolate: false, ...patience } },
    ],
  },
});
export default config;
