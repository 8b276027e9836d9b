/** Processes as Linux shows them. */
import { readdirSync, readFileSync } from "node:fs";

/** Trainings of `steepest` that are at work in folders below this one; those that wait to be reaped do not count. */
export function trainingsIn(folder: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return (
        readFileSync(`/proc/${pid}/environ`, "utf8").includes(`STEEPEST_OUT=${folder}`) &&
        !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))
      );
    } catch {
      // it has gone meanwhile, or is somebody else's
      return false;
    }
  });
}
