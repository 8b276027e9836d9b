import type { Transform } from "../optim/transform.ts";
import { SteepestError } from "../run/errors.ts";

/** Refuses a name, and a function that was not called, in an optimizer's place. Throws `optimizer`. */
export function requireOptimizer(given: unknown): asserts given is Transform {
  if (typeof given === "object" && given !== null && "init" in given && "update" in given) return;
  const refuse = (what: string, help: string): never => {
    throw new SteepestError("optimizer", what, { where: "at optimizer", help });
  };
  if (typeof given === "string")
    refuse(`the optimizer is the text "${given}"`, "call its function: optim.adamw({ lr: 0.001 })");
  if (typeof given === "function")
    refuse("the optimizer is a function that was not called", "call it: optim.adamw({ lr: 0.001 })");
  refuse("the optimizer has no init and update", "give one of optim, such as optim.adamw({ lr: 0.001 })");
}
