/** A comparison of a program's settings in words and a table. */
import { showNumber } from "../../run/show-number.ts";
import { raceWords } from "../../tune/compare/race-words.ts";
import { type Terminal, table } from "../terminal.ts";
import { type ProgramComparison, settingWords } from "./compare.ts";

export function reportPrograms(
  { contestants, lead, target, race, folder }: ProgramComparison,
  { terminal }: { terminal: Terminal },
): void {
  const { bold, dim, green, yellow } = terminal.colors;
  const [first, second] = contestants;
  if (first?.mean == null) terminal.print(yellow("no setting has a rate that trains"));
  else {
    terminal.print(`best: ${bold(settingWords(first.set))} at ${bold(showNumber(first.search.suggestion!))}`);
    if (lead === null) terminal.print(yellow("one seed: whether the lead is more than noise is not known"));
    else {
      const by = `${showNumber(lead.difference)} ± ${showNumber(lead.half)} below ${settingWords(second!.set)}`;
      terminal.print(
        lead.beyondNoise
          ? green(`its loss is ${by}: beyond the noise of the seeds`)
          : yellow(`its loss is ${by}: a tie`),
      );
    }
  }
  if (race !== null) for (const line of raceWords(race, target!.loss)) terminal.print(line);
  terminal.print("");
  terminal.print(
    table([
      ["setting", "lr", "loss", "± 95 %", "seeds", "ran away at", "trainings"],
      ...contestants.map(({ set, search, losses, mean, half }) => [
        settingWords(set),
        search.suggestion === null ? `none (${search.refusal})` : showNumber(search.suggestion),
        mean === null ? "" : showNumber(mean),
        half === null ? "" : showNumber(half),
        String(losses.length),
        search.lrDiverged === null ? "" : showNumber(search.lrDiverged),
        (search.steps / search.length).toFixed(1),
      ]),
    ]),
  );
  terminal.print(dim(`logs in ${folder}`));
}
