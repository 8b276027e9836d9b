/** Where in the user's code an error was made: the first stack frame outside this package. */

const FRAME = /(?:\(|at )(?:async )?((?:[a-z]+:\/\/)?[^()\s]+):(\d+):(\d+)\)?$/;
/** Firefox and Safari write `name@file:line:column`. */
const OTHER_FRAME = /@((?:[a-z]+:\/\/)?[^()\s]+):(\d+):(\d+)$/;

/** Node's own code, and packages: the command line's, a test runner's. */
const FOREIGN = /^(?:node:|native)|[\\/]node_modules[\\/]/;

interface Frame {
  readonly file: string;
  readonly text: string;
}

/**
 * `at file:line:column`, or undefined where no frame is the user's: bundled into one file, the package and the program
 * can't be told apart.
 */
export function callSite(stack: string | undefined = deepStack()): string | undefined {
  const frames = (stack?.split("\n") ?? []).flatMap((line) => frameOf(line.trim()));
  const [own, ...above] = frames;
  if (own === undefined) return undefined;
  const home = homeOf(own.file);
  const found = above.find(({ file }) => !isInside(home, file) && !FOREIGN.test(file));
  return found && `at ${found.text}`;
}

/** A stack that reaches from a layer deep in a model to the line that built it. */
function deepStack(): string | undefined {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 200;
  try {
    return new Error().stack;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function frameOf(line: string): Frame[] {
  const [, file, row, column] = FRAME.exec(line) ?? OTHER_FRAME.exec(line) ?? [];
  if (file === undefined) return [];
  const path = file.replace(/^file:\/\//, "");
  return [{ file: path, text: `${path}:${row}:${column}` }];
}

const HOMES = [
  /^.*[\\/]src[\\/](?=run[\\/]call-site\.ts$)/, // from the sources
  /^.*[\\/]steepest[\\/]dist[\\/]/, // installed
  /^.*[\\/]dist[\\/]/, // built
];

/** The folder that holds all of the package, or where that is not to be seen the one file it was bundled into. */
function homeOf(file: string): string {
  const found = HOMES.map((home) => home.exec(file)?.[0]).find((home) => home !== undefined);
  return found ?? file;
}

/** Tests that lie beside the code are users of it. */
const isInside = (home: string, file: string): boolean => file.startsWith(home) && !/\.test\.ts$/.test(file);
