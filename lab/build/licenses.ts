/** `licenses.md`: every package whose code or fonts the page carries, the worker's included, with its licence in full. */
import type { Plugin } from "vite";
import { licensesOf } from "../../scripts/licenses.ts";

const modules = new Set<string>();

/** In the main build and, since workers are bundled apart, among the worker's plugins. */
export const collectLicenses = (): Plugin => ({
  name: "lab-collect-licenses",
  apply: "build",
  generateBundle(_, bundle) {
    for (const part of Object.values(bundle)) {
      for (const id of part.type === "chunk" ? part.moduleIds : []) modules.add(id);
    }
  },
});

/** After everything else: workers and styles are known by then. */
export const writeLicenses = (): Plugin => ({
  name: "lab-write-licenses",
  apply: "build",
  generateBundle: {
    order: "post",
    handler() {
      for (const id of this.getModuleIds()) if (id.includes(".css")) modules.add(id);
      const opening = "# Licences\n\nsteepest's lab carries code and fonts of these packages.";
      const source = licensesOf(modules, opening);
      if (source !== null) this.emitFile({ type: "asset", fileName: "licenses.md", source });
    },
  },
});
