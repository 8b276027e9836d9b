/** SVG where there is no page: the document comes from linkedom, loaded with the first chart. */
import type { Chart } from "./chart.ts";
import { type RenderOptions, renderSvg } from "./render.ts";

let document: Promise<Document> | undefined;

/** A document that belongs to no page. */
export function emptyDocument(): Promise<Document> {
  document ??= import("linkedom").then(
    ({ parseHTML }) => parseHTML("<!doctype html><html><body></body></html>").document as Document,
  );
  return document;
}

/** A chart as SVG text, where there is no page. */
export async function renderSvgInNode(
  chart: Chart,
  options: Omit<RenderOptions, "document"> = {},
): Promise<string> {
  return renderSvg(chart, { ...options, document: await emptyDocument() });
}
