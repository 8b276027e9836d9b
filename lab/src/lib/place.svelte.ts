/** Where the reader is: `#/room?key=value…`. Works on any static server, since a server never sees the hash. */

export interface Place {
  readonly room: string;
  readonly query: URLSearchParams;
}

export function parseHash(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  return { room: path.replace(/\/+$/, ""), query: new URLSearchParams(query) };
}

export function formatHash(room: string, entries: Iterable<readonly [string, string]>): string {
  const query = [...entries].map(([k, v]) => `${k}=${encodeURIComponent(v).replace(/%2C/g, ",")}`).join("&");
  return `#/${room}${query === "" ? "" : `?${query}`}`;
}

let place = $state.raw<Place>(parseHash(location.hash));
window.addEventListener("hashchange", () => {
  // what waits belongs to the place that was left
  forget();
  place = parseHash(location.hash);
});
window.addEventListener("pagehide", flushHash);

/** The present place; reactive. Changes when the reader follows a link or edits the address, not when a room writes. */
export const currentPlace = (): Place => place;

/** Parts of the page left out for embedding, by `hide=controls,text,frame,data`. */
export const hiddenParts = (): string => (place.query.get("hide") ?? "").split(",").join(" ");

// browsers refuse more than about 100 address changes in 30 s
const WAIT = 350;
let pending: string | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Replaces the address without a new entry in the history. */
export function writeHash(hash: string): void {
  pending = hash;
  timer ??= setTimeout(flushHash, WAIT);
}

/** Writes what waits, so that the address can be copied now. */
export function flushHash(): void {
  if (pending !== null && pending !== location.hash) history.replaceState(history.state, "", pending);
  forget();
}

function forget(): void {
  clearTimeout(timer);
  timer = undefined;
  pending = null;
}
