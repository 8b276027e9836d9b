/** A file that is read again whenever it has grown, where the browser lets a page do so (File System Access). */

import { type Handle, hasHandles, keep, pick } from "./handles.ts";

/** Milliseconds between two looks. */
const EVERY = 1500;

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
    possible: hasHandles(),
    get name() {
      return name;
    },
    start: async (): Promise<void> => {
      const [chosen] = await pick({ multiple: false });
      if (chosen === undefined) return;
      stop();
      name = chosen.name;
      void keep([chosen]);
      await look(chosen, null);
    },
    stop,
  };
}
