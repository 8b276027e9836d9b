/** The digits as the library's data set, fetched from the page's own server. For workers. */
import type { DataHost } from "steepest/data";
import images from "../../../packages/lab/digits/images.idx3-ubyte.gz?url";
import labels from "../../../packages/lab/digits/labels.idx1-ubyte.gz?url";

const urls: Readonly<Record<string, string>> = {
  "digits/images.idx3-ubyte.gz": images,
  "digits/labels.idx1-ubyte.gz": labels,
};

const fetched = new Map<string, Promise<Uint8Array>>();

async function fetchBytes(url: string): Promise<Uint8Array> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`the digits could not be fetched: ${answer.status} ${answer.statusText}`);
  return new Uint8Array(await answer.arrayBuffer());
}

/** What loading data asks of its surroundings, where only the digits are at hand. */
export const digitsHost: DataHost = {
  open: (path) => Promise.reject(new Error(`a page has no file ${path}`)),
  readPackageFile: async (name, path) => {
    const url = name === "@steepest/lab" ? urls[path] : undefined;
    if (url === undefined) return null;
    const bytes = fetched.get(url) ?? fetchBytes(url);
    fetched.set(url, bytes);
    bytes.catch(() => fetched.delete(url));
    return bytes;
  },
};
