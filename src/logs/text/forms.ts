/** Line forms: each line's, from the guess that it is what came next the last time, or by what it is made of. */
import { type Pattern, patternOf, readAgain } from "./again.ts";
import { Lexer } from "./lex.ts";
import { makeTemplate, type Template } from "./template.ts";
import type { Tokens } from "./tokens.ts";

/** Line forms kept; beyond that the oldest that came once are forgotten. */
const MAX_TEMPLATES = 2000;
/** "nan iterations", "inf check": words about numbers. */
const NAN_IN_WORDS =
  /(?:nan|inf)\s+(?:iter|val|grad|loss\w*\s+(?:count|detected)|step|in\b|or\b|detected|found|check|weights|values)/i;

interface FormsOptions {
  readonly decimalComma: boolean;
  /** Hold the numbers of the line that was given last. */
  readonly tokens: Tokens;
  /** Which line of the log it is. */
  readonly place: () => number;
  /** The lines before it, the nearest last. */
  readonly context: () => readonly string[];
}

export interface Forms {
  readonly byId: ReadonlyMap<number, Template>;
  /** The form of the line [from, to). */
  of(bytes: Uint8Array, from: number, to: number): Template;
}

export function createForms({ decimalComma, tokens, place, context }: FormsOptions): Forms {
  const byHash = new Map<number, Template>();
  const byId = new Map<number, Template>();
  const patterns = new Map<Template, Pattern>();
  /** The form that came after each the last time: what the next line is likely to be. */
  const follower = new Map<Template, Template>();
  const lexer = new Lexer(tokens);
  const decoder = new TextDecoder();
  const plain = { decimalComma, nanIsWord: false };
  const worded = { decimalComma, nanIsWord: true };
  let last: Template | null = null;
  let nextId = 0;

  const guessed = (bytes: Uint8Array, from: number, to: number): Template | null => {
    if (!last) return null;
    const likely = follower.get(last) ?? last;
    const pattern = patterns.get(likely);
    return pattern && readAgain(pattern, bytes, from, { to, decimalComma, t: tokens }) ? likely : null;
  };

  const known = (bytes: Uint8Array, from: number, to: number): Template | undefined => {
    lexer.line(bytes, from, to, plain);
    const form = byHash.get(tokens.hash);
    if (form || !tokens.doubtful) return form;
    lexer.line(bytes, from, to, worded);
    const inWords = byHash.get(tokens.hash);
    if (!inWords && !NAN_IN_WORDS.test(decoder.decode(bytes.subarray(from, to))))
      lexer.line(bytes, from, to, plain);
    return inWords;
  };

  const make = (bytes: Uint8Array, from: number, to: number): Template => {
    const made = makeTemplate(nextId++, place(), { bytes, from, to, tokens, context: context() });
    byHash.set(tokens.hash, made);
    byId.set(made.id, made);
    const pattern = patternOf(bytes, from, to, tokens);
    if (pattern) patterns.set(made, pattern);
    if (byHash.size > MAX_TEMPLATES) evict();
    return made;
  };

  /** Forgets the oldest third of the forms that came only once; if all came again, the rarest. */
  const evict = (): void => {
    let rowLimit = 1;
    let left = Math.ceil(MAX_TEMPLATES / 3);
    while (left > 0 && rowLimit < 1e9) {
      for (const [hash, template] of byHash) {
        if (left === 0) break;
        if (template.rows > rowLimit || template.id === nextId - 1) continue;
        byHash.delete(hash);
        byId.delete(template.id);
        patterns.delete(template);
        follower.delete(template);
        left--;
      }
      rowLimit *= 4;
    }
  };

  return {
    byId,
    of(bytes, from, to) {
      const form = guessed(bytes, from, to) ?? known(bytes, from, to) ?? make(bytes, from, to);
      if (last && follower.get(last) !== form) follower.set(last, form);
      last = form;
      return form;
    },
  };
}
