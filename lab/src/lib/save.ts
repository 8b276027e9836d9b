/** Files for the reader, made in the page. */

export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

export function saveBlob(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // the download has its own hold on the data once it has begun
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

export const saveText = (name: string, text: string, type = "text/plain"): void =>
  saveBlob(name, new Blob([text], { type: `${type};charset=utf-8` }));

export async function saveCsv(name: string, { columns, rows }: Table): Promise<void> {
  const { default: papa } = await import("papaparse");
  saveText(name, `${papa.unparse({ fields: [...columns], data: rows as unknown[][] })}\n`, "text/csv");
}

/** Draws a complete SVG file at twice its size. */
export async function savePng(name: string, svg: string): Promise<void> {
  const url = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = image.naturalWidth * 2;
    canvas.height = image.naturalHeight * 2;
    canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
    if (blob === null) throw new Error("the browser could not draw the picture as PNG");
    saveBlob(name, blob);
  } finally {
    URL.revokeObjectURL(url);
  }
}
