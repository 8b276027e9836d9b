/** What the build adds to Vite: content policy, offline use, fewer fonts, and leaving rooms out while working on one. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Plugin } from "vite";
import { contentPolicy } from "../../src/cli/lab/policy.ts";

/** The policy as a meta element, for servers that send no header. In development Vite needs more than it allows. */
export const policy = (): Plugin => ({
  name: "lab-policy",
  apply: "build",
  transformIndexHtml: () => [
    {
      tag: "meta",
      attrs: { "http-equiv": "Content-Security-Policy", content: contentPolicy },
      injectTo: "head-prepend",
    },
  ],
});

/** `service-worker.js` with the list of files to keep; its version changes when one of them does. */
export const offline = (): Plugin => ({
  name: "lab-offline",
  apply: "build",
  generateBundle: {
    order: "post",
    handler(_, bundle) {
      // data (digits, example logs) is kept when a room first asks for it
      const files = Object.keys(bundle).filter((f) => /\.(html|js|css|woff2|svg)$/.test(f));
      const listed = JSON.stringify([".", "icon.svg", ...files.filter((f) => f !== "index.html")].sort());
      const page = bundle["index.html"];
      const version = createHash("sha256")
        .update(listed)
        .update(page?.type === "asset" ? page.source : "")
        .digest("hex")
        .slice(0, 12);
      const source = readFileSync(new URL("service-worker.js", import.meta.url), "utf8")
        .replace('"%VERSION%"', JSON.stringify(version))
        .replace('["%FILES%"]', listed);
      this.emitFile({ type: "asset", fileName: "service-worker.js", source });
    },
  },
});

/** Every browser that runs the lab reads woff2. */
export const onlyWoff2 = (): Plugin => ({
  name: "lab-only-woff2",
  enforce: "pre",
  transform: {
    filter: { id: /katex[^/]*\.css$/ },
    handler: (code) => code.replace(/,url\([^)]+\.(?:woff|ttf)\) format\("[^"]+"\)/g, ""),
  },
});

/** LAB_ROOMS=race,minima builds these rooms only: somebody else's half-written room does no harm. */
export const onlyRooms = (rooms: readonly string[] | null): Plugin => ({
  name: "lab-only-rooms",
  enforce: "pre",
  resolveId(source) {
    const room = /\/rooms\/([^/]+)\/(?:Room\.svelte|worker\.ts|thumb\.ts)$/.exec(source)?.[1];
    return room !== undefined && rooms !== null && !rooms.includes(room) ? "\0left-out" : null;
  },
  load: (id) => (id === "\0left-out" ? "export default {}" : null),
});
