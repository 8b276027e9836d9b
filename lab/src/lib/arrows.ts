/** Pixels an arrow key moves something by, x to the right and y downwards; null for other keys. */
export function arrowMove(event: KeyboardEvent, by: number): readonly [number, number] | null {
  const moves: Readonly<Record<string, readonly [number, number]>> = {
    ArrowLeft: [-by, 0],
    ArrowRight: [by, 0],
    ArrowUp: [0, -by],
    ArrowDown: [0, by],
  };
  return moves[event.key] ?? null;
}
