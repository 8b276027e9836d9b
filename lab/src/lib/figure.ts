/** How a picture tells the figure around it what to export. */
import { getContext, setContext } from "svelte";

/** The picture as a complete SVG file. */
export type Picture = () => string | Promise<string>;

interface FigureContext {
  readonly register: (picture: Picture) => void;
}

const KEY = Symbol("figure");

export const provideFigure = (context: FigureContext): FigureContext => setContext(KEY, context);

/** Pictures call this while they are set up; outside a figure it does nothing. */
export const offerPicture = (picture: Picture): void =>
  getContext<FigureContext | undefined>(KEY)?.register(picture);

/** A drawing of the page as a file of its own: what is for the screen only is left out. */
export function standalone(svg: SVGSVGElement, width: number, height: number): SVGSVGElement {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  copy.querySelectorAll("[data-screen-only]").forEach((e) => e.remove());
  for (const [key, value] of Object.entries({ xmlns: "http://www.w3.org/2000/svg", width, height })) {
    copy.setAttribute(key, String(value));
  }
  copy.removeAttribute("class");
  return copy;
}

export const svgText = (svg: SVGSVGElement): string => new XMLSerializer().serializeToString(svg);
