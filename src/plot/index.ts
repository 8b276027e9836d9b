/** Charts as data, and data as SVG or a terminal sketch. The same code in Node and in a page. */
export type { Axis, Chart, Level, LinePanel, LineSeries, Range, Rule } from "./chart.ts";
export type {
  CalibrationBin,
  ClassPicture,
  EvaluationPicture,
  NumberPicture,
} from "./charts/evaluation.ts";
export { renderEvaluation } from "./charts/evaluation-draw.ts";
export { type GradientNormOptions, gradientNormChart } from "./charts/gradient-norm.ts";
export type { RateCell, RateMap, RateRow } from "./charts/heat-map.ts";
export { renderHeatMap } from "./charts/heat-map-draw.ts";
export { NOTE, type Placed, pixelScale, placeNotes } from "./charts/lines-place.ts";
export { type Curve, type LinesPlan, planChart } from "./charts/lines-plan.ts";
export { type ChartFinding, type LossChartOptions, lossChart } from "./charts/loss.ts";
export { type LossByRateOptions, lossByRateChart } from "./charts/loss-by-rate.ts";
export { type RangeTestOptions, type RangeTestRecord, rangeTestChart } from "./charts/range-test.ts";
export { type ScheduleCurve, scheduleChart } from "./charts/schedule.ts";
export type { TrajectoryMap, TrajectoryPath } from "./charts/trajectories.ts";
export { renderTrajectories } from "./charts/trajectories-draw.ts";
export { type HostDocument, type RenderOptions, renderSvg } from "./render.ts";
export { escapeHtml, FIGURE_WIDTHS, factTable, figure, type Page, reportHtml } from "./report-page.ts";
export { type Mark, type SketchLine, type SketchOptions, sketch, sketchLines } from "./sketch.ts";
export { debiasedEma, defaultSmoothing } from "./smooth.ts";
export { type Theme, type ThemeName, type Tone, themes } from "./theme/index.ts";
