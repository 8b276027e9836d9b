/** `find-lr --per-group`: the rate of each parameter group, and what to write into the run file. */
import { nodeHost } from "../../data/node-host.ts";
import { chooseBackend } from "../../engine/registry.ts";
import { importFunction } from "../../run/node-run-file.ts";
import { showNumber } from "../../run/show-number.ts";
import type { RunSpec } from "../../run/spec.ts";
import { buildRun } from "../../train/build.ts";
import { findGroupRates, type GroupRates, nameOf } from "../../tune/find-lr/groups.ts";
import { type Terminal, table } from "../terminal.ts";
import { type SearchOptions, searchWithProgress } from "./search.ts";

/** Null when interrupted. A budget that is given is for all searches together. */
export async function ratesByGroup(spec: RunSpec, options: SearchOptions): Promise<GroupRates | null> {
  const { lr, ...optimizer } = spec.optimizer;
  const run = await buildRun(lr === "auto" ? { ...spec, optimizer } : spec, {
    host: { ...nodeHost(), importFunction },
    backend: await chooseBackend(spec.backend),
  });
  return findGroupRates(run, {
    budget: options.budget,
    search: async (of, what, budget) => {
      if (!options.quiet) options.terminal.note(`${what}:`);
      return (await searchWithProgress(of, { ...options, budget }))?.result ?? null;
    },
  });
}

export function reportGroups({ together, groups, cost }: GroupRates, { print, colors }: Terminal): void {
  if (groups.length === 0) {
    print(
      `${colors.bold(colors.red("no learning rate suggested"))} (${together.refusal})\n${together.reason}`,
    );
    return;
  }
  print(
    table([
      ["parameters", "declared", "rate", "expected between", ""],
      ...groups.map(({ params, before, lr, spread, text }) => [
        nameOf(params),
        showNumber(before),
        showNumber(lr),
        spread === null ? "" : `${showNumber(spread[0])} and ${showNumber(spread[1])}`,
        text,
      ]),
    ]),
  );
  print(`cost: ${showNumber(cost)} trainings`);
  const places = groups.map(({ params, lr }, i) => [
    params === null ? "optimizer.lr" : `groups[${i}].lr`,
    lr,
  ]);
  print(`write into the run file: ${places.map(([at, lr]) => `${at} = ${lr}`).join(", ")}`);
}
