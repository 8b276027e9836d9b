/**
 * Where JSON text goes wrong: JSON.parse tells the place in some engines and versions only. RFC 8259's grammar, read
 * until the first character that can't be there. Returns the text's length when it just ends too early.
 */
export function jsonErrorOffset(text: string): number {
  let at = 0;
  const fail = (where = at): never => {
    throw new Found(Math.min(where, text.length));
  };
  const space = (): void => {
    while (/[ \t\r\n]/.test(text[at] ?? "")) at++;
  };
  const expect = (char: string): void => {
    if (text[at] !== char) fail();
    at++;
  };
  const token = (pattern: RegExp): void => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null) fail();
    else at += found[0].length;
  };
  const string = (): void => {
    const start = at;
    expect('"');
    for (; text[at] !== '"'; at++) {
      const char = text[at];
      // a string that never ends began at its quote
      if (char === undefined || char === "\n") fail(char === undefined ? at : start);
      if (char! < " ") fail();
      if (char === "\\") {
        at++;
        if (text[at] === "u") token(/u[0-9a-fA-F]{3}(?=[0-9a-fA-F])/y);
        else if (!/["\\/bfnrt]/.test(text[at] ?? "")) fail();
      }
    }
    at++;
  };
  const list = (close: string, item: () => void): void => {
    at++;
    space();
    if (text[at] === close) {
      at++;
      return;
    }
    for (;;) {
      space();
      item();
      space();
      if (text[at] !== ",") break;
      at++;
    }
    expect(close);
  };
  const pair = (): void => {
    string();
    space();
    expect(":");
    value();
  };
  const value = (): void => {
    space();
    const char = text[at];
    if (char === "{") list("}", pair);
    else if (char === "[") list("]", value);
    else if (char === '"') string();
    else if (/[-\d]/.test(char ?? "")) token(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y);
    else token(/true|false|null/y);
  };
  try {
    value();
    space();
  } catch (error) {
    if (error instanceof Found) return error.offset;
    throw error;
  }
  return at;
}

class Found extends Error {
  readonly offset: number;
  constructor(offset: number) {
    super();
    this.offset = offset;
  }
}
