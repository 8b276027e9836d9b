/** Which rooms the reader has been in: kept in this browser, and nowhere else. */
const KEY = "steepest-visited";

function stored(): string[] {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(value) ? value.filter((v) => typeof v === "string") : [];
  } catch {
    // storage is forbidden, or holds something else
    return [];
  }
}

let rooms = $state.raw<readonly string[]>(stored());

/** Reactive. */
export const visited = (): readonly string[] => rooms;

export function visit(room: string): void {
  if (rooms.includes(room)) return;
  rooms = [...rooms, room];
  try {
    localStorage.setItem(KEY, JSON.stringify(rooms));
  } catch {
    // forbidden: it lasts until the page is left
  }
}
