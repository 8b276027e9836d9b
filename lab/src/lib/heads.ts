/** Names at the heads of paths: each beside its head, none over another, all inside the picture. */

export interface Head {
  readonly name: string;
  /** px */
  readonly at: readonly [number, number];
}

export interface PlacedHead<H extends Head> {
  readonly head: H;
  readonly x: number;
  readonly y: number;
  readonly anchor: "start" | "end";
}

/** As names at heads are written. */
export const HEAD_FONT = "650 12px system-ui, sans-serif";
/** px from line to line: a name's bright edge leaves the one above it whole. */
const LINE = 17;
const ASIDE = 9;

const widths = new Map<string, number>();
let pen: CanvasRenderingContext2D | null = null;
/** px, in the reader's own font: letters of one system are a fifth wider than of another. */
function widthOf(name: string): number {
  pen ??= document.createElement("canvas").getContext("2d")!;
  const known = widths.get(name);
  if (known !== undefined) return known;
  pen.font = HEAD_FONT;
  const { width } = pen.measureText(name);
  widths.set(name, width);
  return width;
}

export function placeHeads<H extends Head>(
  heads: readonly H[],
  { width, height }: { readonly width: number; readonly height: number },
): PlacedHead<H>[] {
  const boxes: { x: number; y: number; w: number }[] = [];
  const free = (x: number, y: number, w: number): boolean =>
    boxes.every((b) => Math.abs(b.y - y) >= LINE || x + w < b.x || b.x + b.w < x);
  return heads.map((head) => {
    const w = widthOf(head.name);
    const [px, py] = [
      Math.max(2, Math.min(width - 2, head.at[0])),
      Math.max(12, Math.min(height - 6, head.at[1])),
    ];
    const anchor = px + ASIDE + w > width && px > w + ASIDE ? "end" : "start";
    const x = anchor === "end" ? px - ASIDE - w : Math.min(px + ASIDE, Math.max(0, width - w));
    // the nearest free line above or below
    let y = py + 4;
    for (let k = 0; k < 24 && !free(x, y, w); k++) {
      const aside = py + 4 + (k % 2 === 0 ? 1 : -1) * LINE * Math.ceil((k + 1) / 2);
      if (aside > 11 && aside < height - 4) y = aside;
    }
    boxes.push({ x, y, w });
    return { head, x: anchor === "end" ? px - ASIDE : x, y, anchor };
  });
}
