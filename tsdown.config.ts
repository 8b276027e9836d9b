import { defineConfig, type UserConfig } from "tsdown";

const areas = [
  "engine",
  "optim",
  "optim/schedules",
  "nn",
  "nn/losses",
  "data",
  "random",
  "run",
  "train",
  "logs",
  "diagnose",
  "plot",
  "plot/theme",
  "curvature",
  "surface",
  "tune",
  "handoff",
  "predict",
  "lesson",
  "lesson/problems",
];

const config: UserConfig = defineConfig({
  entry: {
    index: "src/index.ts",
    ...Object.fromEntries(areas.map((a) => [`${a}/index`, `src/${a}/index.ts`])),
    "logs/node": "src/logs/node-files.ts",
    "predict/node": "src/predict/node-load-run.ts",
    "handoff/node": "src/handoff/node.ts",
    "cli/main": "src/cli/main.ts",
    "cli/compare-worker": "src/cli/compare-worker.ts",
  },
  format: "esm",
  platform: "neutral",
  target: "es2023",
  dts: true,
  fixedExtension: false,
  deps: { neverBundle: [/^node:/] },
});
export default config;
