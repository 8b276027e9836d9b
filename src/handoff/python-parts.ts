/** A Python file with only those of its classes and functions that are wanted, and what these use. */

/** `source` has its top-level parts two blank lines apart, as formatters set them; what comes before the first class or function stays. */
export function keepParts(source: string, wanted: readonly string[]): string {
  const pieces = source.trimEnd().split(/\n\n\n/);
  const nameOf = (piece: string): string | undefined => /^(?:@.*\n)*(?:class|def) (\w+)/.exec(piece)?.[1];
  const parts = new Map(
    pieces.flatMap((piece) => (nameOf(piece) === undefined ? [] : [[nameOf(piece)!, piece]])),
  );
  const kept = new Set<string>();
  const keep = (name: string): void => {
    if (kept.has(name)) return;
    kept.add(name);
    for (const other of parts.keys()) if (new RegExp(`\\b${other}\\b`).test(parts.get(name)!)) keep(other);
  };
  for (const name of wanted) keep(name);
  return `${pieces.filter((piece) => kept.has(nameOf(piece) ?? "") || nameOf(piece) === undefined).join("\n\n\n")}\n`;
}
