/**
 * Files as handles (File System Access), where the browser has them: they can be read again. IndexedDB keeps the handles, not
 * what is in the files; whether the page may read them after a reload, the browser asks.
 */

export interface Handle {
  readonly kind: "file" | "directory";
  readonly name: string;
  readonly getFile: () => Promise<File>;
  readonly queryPermission?: () => Promise<PermissionState>;
  readonly requestPermission?: () => Promise<PermissionState>;
}

type Picker = (options: { readonly multiple: boolean }) => Promise<Handle[]>;
const picker = (): Picker | null =>
  (window as { showOpenFilePicker?: Picker }).showOpenFilePicker?.bind(window) ?? null;

/** False: this browser gives files, but no handles. */
export const hasHandles = (): boolean => picker() !== null;

/** What somebody chose; empty: nothing. */
export async function pick(options: { readonly multiple: boolean }): Promise<readonly Handle[]> {
  try {
    return (await picker()?.(options)) ?? [];
  } catch (error) {
    if ((error as Error).name === "AbortError") return [];
    throw error;
  }
}

/** Handles of files, not folders, that were dropped. Call in the event's own turn. */
export async function droppedHandles(transfer: DataTransfer): Promise<readonly Handle[]> {
  type Item = DataTransferItem & { readonly getAsFileSystemHandle?: () => Promise<Handle | null> };
  const asked = [...transfer.items].map((item) => (item as Item).getAsFileSystemHandle?.() ?? null);
  return (await Promise.all(asked)).filter((h) => h?.kind === "file") as Handle[];
}

const answer = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((done, failed) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });

const KEY = "files";
async function store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
  const opening = indexedDB.open("steepest-doctor", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(KEY);
  return (await answer(opening)).transaction(KEY, mode).objectStore(KEY);
}

/** For the next visit, in place of those kept before. False: this browser keeps nothing, as in a private window. */
export const keep = (handles: readonly Handle[]): Promise<boolean> =>
  store("readwrite")
    .then((s) => answer(s.put(handles, KEY)))
    .then(
      () => true,
      () => false,
    );

export const kept = (): Promise<readonly Handle[]> =>
  store("readonly")
    .then((s) => answer<readonly Handle[] | undefined>(s.get(KEY)))
    .then(
      (handles) => handles ?? [],
      () => [],
    );

/** Whether they may be read without a question. */
export const mayRead = async (handles: readonly Handle[]): Promise<boolean> =>
  (await Promise.all(handles.map((h) => h.queryPermission?.() ?? "prompt"))).every((p) => p === "granted");

/** Their files, of those that somebody lets the page read. */
export async function filesOf(handles: readonly Handle[]): Promise<File[]> {
  const files: File[] = [];
  for (const h of handles) if ((await h.requestPermission?.()) !== "denied") files.push(await h.getFile());
  return files;
}
