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

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    // two on a core leave less of it idle while tests wait
    maxWorkers: 2 * availableParallelism(),
    sequence: { sequencer: WaitingFirst },
    testTimeout: 180_000,
    hookTimeout: 300_000,
  },
});
export default config;
