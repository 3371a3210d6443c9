/**
 * `npm run tolerances -- <step> <folder>`: calibrates the trained models of a folder, tries honest and cheap answers, hunts for
 * inputs that amplify noise, and writes docs/tolerances.md.
 */
import { Command } from "commander";

import { calibrateAll } from "./tolerances/calibrate.js";
import { experimentAll } from "./tolerances/experiment.js";
import { openStudy, type Study } from "./tolerances/files.js";
import { huntAll } from "./tolerances/hunt.js";
import { marginsAll } from "./tolerances/margins.js";
import { writeReport } from "./tolerances/report.js";

const program = new Command("tolerances")
  .description("the evidence behind docs/tolerances.md, from a folder of models that docs/tolerances/models.json lists")
  .option("--only <names>", "these models only, separated by commas")
  .option("--study <folder>", "where the list of models and the findings lie", "docs/tolerances");

/** Calibrations count the worst inputs of the searches that they find there. */
const HUNTS = ["--state <folder>", "where searches are kept", ".touchstone/hunts"] as const;

function study(): Study {
  const { only, study: root } = program.opts<{ only?: string; study: string }>();
  return openStudy(root, only?.split(","));
}

program
  .command("calibrate <folder>")
  .description("measure honest noise and cheaper versions, propose tolerances, draw them")
  .option(...HUNTS)
  .action(async (folder: string, { state }: { state: string }) => calibrateAll(study(), folder, state));

program
  .command("experiment <folder>")
  .description("answer many inputs honestly and cheaply, and judge; goes on where it stopped")
  .action(async (folder: string) => experimentAll(study(), folder));

program
  .command("hunt <folder>")
  .description("search for inputs that amplify noise, in turns; goes on where it stopped")
  .option("--minutes <n>", "CPU minutes for each model, those of earlier runs included", Number, 60)
  .option("--wall <n>", "stop after this many minutes whatever was reached", Number, Infinity)
  .option(...HUNTS)
  .action(async (folder: string, options: { minutes: number; wall: number; state: string }) =>
    huntAll(study(), folder, options),
  );

program
  .command("margins <folder>")
  .description("how often the two largest scores of a classifier are less than twice the tolerance apart")
  .option("--digits <file>", "digits.csv.gz of scikit-learn: 1,797 handwritten digits of 8x8 pixels")
  .action(async (folder: string, { digits }: { digits?: string }) => marginsAll(study(), folder, digits));

program
  .command("report")
  .description("renew the tables of docs/tolerances.md")
  .action(async () => writeReport(study()));

await program.parseAsync();
