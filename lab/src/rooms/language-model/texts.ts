/** The texts' characters, fetched from the page's own server or brought by the reader. For the worker. */
import { SteepestError } from "steepest/run";
import type { Bundled, Text } from "./names.ts";
import alice from "./texts/alice.txt?url";
import verwandlung from "./texts/die-verwandlung.txt?url";
import sonnets from "./texts/sonnets.txt?url";

const urls: Readonly<Record<Bundled, string>> = { alice, sonnets, "die-verwandlung": verwandlung };

const fetched = new Map<Bundled, Promise<Uint8Array>>();
let own: Uint8Array | null = null;

export const setOwn = (bytes: Uint8Array): void => {
  own = bytes;
};

export async function bytesOf(text: Text): Promise<Uint8Array> {
  if (text === "own") {
    if (own !== null) return own;
    throw new SteepestError("data-missing", "no text of yours is here yet", {
      help: "choose a file or paste a text under “Your own text”, or choose one of the others",
    });
  }
  const loading = fetched.get(text) ?? fetchText(urls[text]);
  fetched.set(text, loading);
  loading.catch(() => fetched.delete(text));
  return loading;
}

async function fetchText(url: string): Promise<Uint8Array> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`the text could not be fetched: ${answer.status} ${answer.statusText}`);
  return new Uint8Array(await answer.arrayBuffer());
}
