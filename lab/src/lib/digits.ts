/** The digits as the library's data set, fetched from the page's own server. For workers. */
import type { DataHost } from "steepest/data";
import url from "../../.generated/digits.bin?url";

const PIXELS = 784;
const COUNTS = 10;

let loading: Promise<readonly Uint8Array[]> | undefined;

/** Grey levels, digit by digit. */
async function fetchDigits(): Promise<readonly Uint8Array[]> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`the digits could not be fetched: ${answer.status} ${answer.statusText}`);
  const bytes = await answer.arrayBuffer();
  const counts = [...new Uint32Array(bytes, 0, COUNTS)];
  let at = 4 * COUNTS;
  return counts.map((count) => {
    const images = new Uint8Array(bytes, at, count * PIXELS);
    at += images.length;
    return images;
  });
}

/** What loading data asks of its surroundings, where only the digits are at hand. */
export const digitsHost: DataHost = {
  open: (path) => Promise.reject(new Error(`a page has no file ${path}`)),
  readPackageFile: async (name, path) => {
    const digit = /^src\/digits\/(\d)\.json$/.exec(path)?.[1];
    if (name !== "mnist" || digit === undefined) return null;
    loading ??= fetchDigits();
    loading.catch(() => (loading = undefined));
    return (await loading)[Number(digit)]!;
  },
};
