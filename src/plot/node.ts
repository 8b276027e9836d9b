/** Charts as pictures, in Node: SVG and PNG as files or as bytes. */
export { type Png, type PngOptions, renderPng } from "./node-png.ts";
export { savePlot } from "./node-save.ts";
export { renderSvgInNode } from "./node-svg.ts";
