/** Signals that reach us while a program runs are meant for it. */
import type { Program } from "./process.ts";

const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * The first signal goes to the program, which may need time to save its work; the second ends it. Ctrl-Z stops both.
 * Returns what gives the signals back.
 */
export function forwardSignals({ send, end }: Pick<Program, "send" | "end">): () => void {
  let asked = false;
  const forward = (signal: NodeJS.Signals): void => {
    if (asked) void end();
    else send(signal);
    asked = true;
  };
  const suspend = (): void => {
    send("SIGSTOP");
    process.kill(process.pid, "SIGSTOP");
  };
  const resume = (): void => send("SIGCONT");
  for (const signal of FORWARDED) process.on(signal, forward);
  process.on("SIGTSTP", suspend);
  process.on("SIGCONT", resume);
  return () => {
    for (const signal of FORWARDED) process.off(signal, forward);
    process.off("SIGTSTP", suspend);
    process.off("SIGCONT", resume);
  };
}
