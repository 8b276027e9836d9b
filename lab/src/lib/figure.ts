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
