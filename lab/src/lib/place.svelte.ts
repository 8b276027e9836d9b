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
  const query = [...entries]
    .map(([k, v]) => (v === "" && k === "present" ? k : `${k}=${encodeURIComponent(v).replace(/%2C/g, ",")}`))
    .join("&");
  return `#/${room}${query === "" ? "" : `?${query}`}`;
}

let place = $state.raw<Place>(parseHash(location.hash));
/** The address as the page last heard or wrote it. */
let known = location.hash;
window.addEventListener("hashchange", () => {
  // what waits belongs to the place that was left
  forget();
  known = location.hash;
  place = parseHash(location.hash);
});
window.addEventListener("pagehide", flushHash);
// a link inside the page has the whole state: what waits must not be written over it before the change is heard of
window.addEventListener(
  "click",
  (event) => {
    if (event.target instanceof Element && event.target.closest('a[href^="#"]')) forget();
  },
  true,
);

/** The present place; reactive. Changes when the reader follows a link or edits the address, not when a room writes. */
export const currentPlace = (): Place => place;

/** Parts of the page left out for embedding, by `hide=controls,text,frame,data`. */
export const hiddenParts = (): string => (place.query.get("hide") ?? "").split(",").join(" ");

/** For a projector, by `present` in the address: no text, larger type. */
export const presenting = (): boolean => place.query.has("present");

/** Parts of the present address that are the frame's, for addresses that rooms write. */
export const frameEntries = (): [string, string][] =>
  ["hide", "present"].flatMap((key): [string, string][] => {
    const value = place.query.get(key);
    return value === null ? [] : [[key, value]];
  });

/** The room as it stands, with text or without it. */
export function present(on: boolean): void {
  flushHash();
  const { room, query } = parseHash(location.hash);
  if (on) query.set("present", "");
  else query.delete("present");
  location.hash = formatHash(room, query);
}

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
  // a busy page may write before it hears that the reader has gone elsewhere
  const stayed = location.hash === known;
  if (stayed && pending !== null && pending !== known) {
    history.replaceState(history.state, "", pending);
    known = location.hash;
  }
  forget();
}

function forget(): void {
  clearTimeout(timer);
  timer = undefined;
  pending = null;
}
