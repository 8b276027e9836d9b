import type { CommandRow } from "../command.ts";

export const descend: CommandRow = {
  name: "descend",
  about: "optimizers on a named function or a formula, step by step",
  define: (c) => {
    c.argument("[surface]", "a name (without one they are listed) or a formula such as 'x^2 + 10*y^2'")
      .option("--list", "list the surfaces, or tell all about the one that is named")
      .option("--from <x,y>", "where to start; named surfaces have a start of their own")
      .option("--optimizers <list>", "names with options", "sgd,sgd:momentum=0.9,adam")
      .option(
        "--lr <rates>",
        "for all (0.1), several (0.01,0.1), or by name (0.1,adam:0.3); default: the best of 33",
      )
      .option("--steps <number>", "how many", "500")
      .option("--schedule <name>", "a schedule with options, e.g. cosine-annealing:etaMin=0.001")
      .option("--noise <sigma>", "add normal noise to every gradient", "0")
      .option("--seed <number>", "of the noise", "0")
      .option(
        "--tolerance <distance>",
        "there when this near to a minimum; default: 0.001 of the domain's diagonal",
      )
      .option("--plot <file>", "draw the paths over contours: .svg or .png")
      .option("--loss-plot <file>", "draw the loss over the steps: .svg or .png")
      .option("--dark", "plots for a dark background")
      .option("--ascii", "plain ASCII")
      .allowUnknownOption()
      .allowExcessArguments()
      .addHelpText(
        "after",
        [
          "",
          "Options of the surface are flags: steepest descend ravine --kappa 50 --rotation 30",
          "",
          "Without --lr each optimizer runs at the best of 33 rates from 1e-7 to 10: the one that reaches the lowest",
          "minimum in the fewest steps.",
          "",
          "  steepest descend rosenbrock --optimizers sgd,adam,lbfgs --plot paths.svg",
          "  steepest descend bowl --optimizers sgd --lr 0.005,0.1,0.19,0.21 --steps 40",
          "  steepest descend 'x^2 + sin(3y)^2 + y^2/10' --from 2,3 --json",
        ].join("\n"),
      );
  },
  load: () => import("../commands/descend.ts"),
};
