/**
 * A JSON document in pieces → events, in memory that does not grow with it. Takes what Python prints: bare NaN
 * and Infinity. Never throws: garbage yields events that mean nothing.
 */
import { parseNumber } from "./number.ts";

export interface JsonHandler {
  open(kind: "object" | "array"): void;
  close(): void;
  key(name: string): void;
  number(value: number): void;
  text(value: string): void;
  nothing(): void;
}

const MAX_TEXT = 4096;

/** Which bracket stands open, and whether a string would be a key there. */
interface Nesting {
  readonly depth: () => number;
  readonly expectsKey: () => boolean;
  /** `{`, `}`, `[`, `]`, `,` or `:` */
  readonly structural: (c: number) => void;
}

function createNesting(handler: JsonHandler): Nesting {
  const kinds: ("object" | "array")[] = [];
  let expectKey = false;
  return {
    depth: () => kinds.length,
    expectsKey: () => expectKey,
    structural(c) {
      if (c === 123 || c === 91) {
        const kind = c === 123 ? "object" : "array";
        if (kinds.length < 512) kinds.push(kind);
        handler.open(kind);
        expectKey = kind === "object";
      } else if (c === 125 || c === 93) {
        if (kinds.length > 0) {
          kinds.pop();
          handler.close();
        }
        expectKey = false;
      } else expectKey = c === 44 && kinds[kinds.length - 1] === "object";
    },
  };
}

export function createJsonStream(handler: JsonHandler): { push(text: string): void; readonly depth: number } {
  const nesting = createNesting(handler);
  let state: "plain" | "string" | "literal" = "plain";
  let token = "";
  let escaped = false;

  const endLiteral = (): void => {
    const value = parseNumber(token);
    if (value !== undefined) handler.number(value);
    else if (token === "null" || token === "None") handler.nothing();
    else handler.text(token);
    token = "";
    state = "plain";
  };
  const endString = (): void => {
    const value = escaped ? unescaped(token) : token;
    if (nesting.expectsKey()) handler.key(value);
    else handler.text(value);
    token = "";
    escaped = false;
    state = "plain";
  };

  return {
    get depth() {
      return nesting.depth();
    },
    push(text) {
      let from = 0;
      for (let i = 0; i < text.length; i++) {
        const c = text.charCodeAt(i);
        if (state === "string") {
          if (c === 92) {
            escaped = true;
            i++;
            if (i >= text.length) {
              // the escaped character is in the next piece
              if (token.length < MAX_TEXT) token += text.slice(from, i);
              return;
            }
          } else if (c === 34) {
            // a quote right after a piece that ended in a backslash is escaped
            if (i === 0 && token.endsWith("\\") && !token.endsWith("\\\\")) continue;
            if (token.length < MAX_TEXT) token += text.slice(from, i);
            endString();
          }
          continue;
        }
        const structural = c === 123 || c === 125 || c === 91 || c === 93 || c === 44 || c === 58;
        const space = c <= 32;
        if (state === "literal") {
          if (!structural && !space) continue;
          if (token.length < MAX_TEXT) token += text.slice(from, i);
          endLiteral();
        }
        if (space) continue;
        if (structural) nesting.structural(c);
        else if (c === 34) {
          state = "string";
          from = i + 1;
        } else {
          state = "literal";
          from = i;
        }
      }
      if (state !== "plain" && token.length < MAX_TEXT) token += text.slice(from);
    },
  };
}

function unescaped(token: string): string {
  try {
    return JSON.parse(`"${token}"`) as string;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return token;
  }
}
