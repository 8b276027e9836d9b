/** Files dropped anywhere on the page. The handlers are for `svelte:window`. */
export interface FileDrop {
  /** Files hang over the page. */
  readonly over: boolean;
  readonly drag: (event: DragEvent) => void;
  readonly leave: (event: DragEvent) => void;
  readonly drop: (event: DragEvent) => void;
}

export function fileDrop(take: (dropped: DataTransfer) => void): FileDrop {
  let over = $state(false);
  /** What hangs over the page, where it is files: text that is dragged keeps its way. */
  function filesOf(event: DragEvent): DataTransfer | null {
    if (!event.dataTransfer?.types.includes("Files")) return null;
    event.preventDefault();
    return event.dataTransfer;
  }
  return {
    get over() {
      return over;
    },
    drag(event) {
      if (filesOf(event) !== null) over = true;
    },
    leave(event) {
      if (event.relatedTarget === null) over = false;
    },
    drop(event) {
      over = false;
      const files = filesOf(event);
      if (files !== null) take(files);
    },
  };
}
