/**
 * Text of files, logs and arguments as a terminal may show it: a blank for each control character (C0, C1) and for the
 * marks that turn the direction of reading (Unicode's Bidi_Control), which can hide or rearrange what is read.
 */
export const plain = (text: string): string => text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, " ");

/** The same for text of several lines. */
export const plainLines = (text: string): string =>
  text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, (c) => (c === "\n" || c === "\t" ? c : " "));

/** The same in a JSON document, where such characters can be spelled and nothing is lost. */
export const plainJson = (json: string): string =>
  json.replace(
    /[\u007f-\u009f\p{Bidi_Control}]/gu,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
