import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    // many tests wait for processes and pages of their own
    maxWorkers: "100%",
    testTimeout: 180_000,
    hookTimeout: 300_000,
  },
});
export default config;
