/** Files out of what was dropped: folders are walked, and what cannot be a log is left out of them. */

/** Files taken from folders at most. */
const MAX_FILES = 200;
const LOG = /(\.(csv|tsv|jsonl?|log|txt|out|wandb|db)|\.tfevents\.[^/]*)$/i;
/** Settings beside logs. */
const NO_LOG = /(^|\/)(\.[^/]*|run\.json|config\.json|package(-lock)?\.json|requirements\.txt)$/i;

/** A file of a folder that may be a log, by its path. */
export const mayBeLog = (path: string): boolean => LOG.test(path) && !NO_LOG.test(path);

/** Call in the event's own turn: what was dropped is gone afterwards. */
export function droppedFiles(transfer: DataTransfer): Promise<File[]> {
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  // a browser or a script that drops files without entries
  if (entries.length === 0) return Promise.resolve([...transfer.files]);
  return Promise.all(entries.map((e) => (e.isFile ? fileOf(e as FileSystemFileEntry) : walk(e)))).then(
    (found) => found.flat().slice(0, MAX_FILES),
  );
}

const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((done, failed) => entry.file(done, failed));

async function walk(entry: FileSystemEntry): Promise<File[]> {
  const path = entry.fullPath.replace(/^\//, "");
  if (entry.isFile) {
    // a run is named by its place in the folder
    return mayBeLog(path) ? [named(await fileOf(entry as FileSystemFileEntry), path)] : [];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: File[] = [];
  for (;;) {
    // entries come in batches until an empty one
    const batch = await new Promise<FileSystemEntry[]>((done, failed) => reader.readEntries(done, failed));
    if (batch.length === 0 || found.length >= MAX_FILES) return found;
    for (const inner of batch) found.push(...(await walk(inner)));
  }
}

const named = (file: File, path: string): File =>
  new File([file], path, { type: file.type, lastModified: file.lastModified });

/** Files of a folder that was chosen, by their places in it. */
export const chosenFolder = (files: Iterable<File>): File[] =>
  [...files]
    .filter((f) => mayBeLog(f.webkitRelativePath))
    .slice(0, MAX_FILES)
    .map((f) => named(f, f.webkitRelativePath));
