import type { DataHost } from "../data/index.ts";

/** What building a run needs from outside: files, and modules where they can be loaded. */
export interface BuildHost extends DataHost {
  /** The export `name` of a module; absent where modules can't be loaded. */
  readonly importFunction?: (file: string, name: "model" | "loss") => Promise<unknown>;
}
