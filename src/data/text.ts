/** A text as a sequence of characters to be continued: overlapping windows, and what follows them. */
import { SteepestError } from "../run/errors.ts";
import { withBytes } from "./bytes.ts";
import type { Dataset, Samples } from "./dataset.ts";
import type { DataHost } from "./host.ts";
import type { TextSpec } from "./spec.ts";
import { heldCount } from "./split.ts";

/**
 * Reads UTF-8; the vocabulary is the text's characters in code point order, features are int32 [n, context]. Windows
 * share the memory of the text (rowStride 1). Validation is the end of the text: windows drawn at random would overlap
 * the training ones. Throws `data-encoding`, `text-context`, `data-empty`.
 */
export async function loadText(
  spec: TextSpec,
  host: DataHost,
  { validation }: { validation: number },
): Promise<Dataset> {
  const { text: path, context, predict = "next" } = spec;
  if (!Number.isInteger(context) || context < 1) {
    throw new SteepestError("text-context", `context must be a whole number of characters, not ${context}`, {
      where: path,
      help: "64 is a common choice",
    });
  }
  const { ids, vocabulary } = await readCharacters(host, path);
  const cut = ids.length - (validation > 0 ? heldCount(ids.length, validation) : 0);
  const samples = (part: Int32Array): Samples => windows(part, { context, predict, path });
  return {
    name: path,
    classes: vocabulary,
    ...samples(ids.subarray(0, cut)),
    ...(validation > 0 && { validation: samples(ids.subarray(cut)) }),
  };
}

/** Windows of `context` ids and what follows them; they share the memory of `ids`. Throws `text-context`. */
export function windows(
  ids: Int32Array,
  { context, predict, path }: { context: number; predict: "next" | "every"; path: string },
): Samples {
  const n = ids.length - context;
  if (n < 1) {
    throw new SteepestError(
      "text-context",
      `${ids.length} characters hold no window of ${context} and a next one`,
      {
        where: path,
        help: "use a shorter context, a longer text or a smaller validation part",
      },
    );
  }
  const target =
    predict === "next"
      ? ({ data: ids.subarray(context), shape: [n], rowStride: 1 } as const)
      : ({ data: ids.subarray(1), shape: [n, context], rowStride: 1 } as const);
  return { features: { data: ids, shape: [n, context], rowStride: 1 }, target: { ...target, kind: "class" } };
}

/** Streams the text into numbers: 4 bytes a character, in blocks that are joined at the end. */
async function readCharacters(
  host: DataHost,
  path: string,
): Promise<{ ids: Int32Array; vocabulary: string[] }> {
  const seen = new Map<string, number>();
  const blocks: Int32Array[] = [];
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const take = (text: string): void => {
    const block = new Int32Array(text.length);
    let n = 0;
    for (const character of text) {
      let id = seen.get(character);
      if (id === undefined) seen.set(character, (id = seen.size));
      block[n++] = id;
    }
    if (n > 0) blocks.push(block.subarray(0, n));
  };
  await withBytes(host, path, async (reader) => {
    for (let chunk = await reader.chunk(); chunk; chunk = await reader.chunk())
      take(decode(decoder, chunk, path));
    take(decode(decoder, null, path));
  });
  const vocabulary = [...seen.keys()].sort((a, b) => a.codePointAt(0)! - b.codePointAt(0)!);
  const finalId = new Int32Array(seen.size);
  vocabulary.forEach((character, id) => {
    finalId[seen.get(character)!] = id;
  });
  const ids = new Int32Array(blocks.reduce((sum, block) => sum + block.length, 0));
  if (ids.length === 0) {
    throw new SteepestError("data-empty", "the file is empty", {
      where: path,
      help: "give a file with text",
    });
  }
  let at = 0;
  for (const block of blocks) for (const id of block) ids[at++] = finalId[id]!;
  return { ids, vocabulary };
}

/** The characters that are complete by the end of `chunk`; null flushes. Throws `data-encoding` with `help`. */
export function decode(
  decoder: TextDecoder,
  chunk: Uint8Array | null,
  path: string,
  help = "save it as UTF-8, e.g. iconv -f latin1 -t utf-8",
): string {
  try {
    return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode();
  } catch (cause) {
    const what = decoder.encoding === "utf-8" ? "UTF-8 text" : `text in ${decoder.encoding}`;
    throw new SteepestError("data-encoding", `the file is not ${what}`, { where: path, help, cause });
  }
}
