/** A file that is read again whenever it has grown, where the browser lets a page do so (File System Access). */

interface Handle {
  readonly name: string;
  readonly getFile: () => Promise<File>;
}
type Picker = (options?: object) => Promise<Handle[]>;

/** Milliseconds between two looks. */
const EVERY = 1500;

const picker = (): Picker | null =>
  (window as { showOpenFilePicker?: Picker }).showOpenFilePicker?.bind(window) ?? null;

/** Call while a component is set up; the watch ends with it. `failed` hears why a file is no longer there. */
export function watchFile(onfile: (file: File, first: boolean) => void, failed: (what: string) => void) {
  let name = $state<string | null>(null);
  let timer: ReturnType<typeof setTimeout> | undefined;
  function stop(): void {
    clearTimeout(timer);
    name = null;
  }
  $effect(() => stop);

  async function look(handle: Handle, before: File | null): Promise<void> {
    let now = before;
    try {
      const file = await handle.getFile();
      if (name !== handle.name) return;
      if (before === null || file.size !== before.size || file.lastModified !== before.lastModified) {
        onfile(file, before === null);
        now = file;
      }
    } catch (error) {
      stop();
      failed(`${handle.name} can no longer be read: ${(error as Error).message}`);
      return;
    }
    timer = setTimeout(() => void look(handle, now), EVERY);
  }

  return {
    /** False: this browser cannot; the command line can. */
    possible: picker() !== null,
    get name() {
      return name;
    },
    start: async (): Promise<void> => {
      let chosen: Handle | undefined;
      try {
        [chosen] = (await picker()?.()) ?? [];
      } catch (error) {
        // nothing was chosen
        if ((error as Error).name === "AbortError") return;
        throw error;
      }
      if (chosen === undefined) return;
      stop();
      name = chosen.name;
      await look(chosen, null);
    },
    stop,
  };
}
