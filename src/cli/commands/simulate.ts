import type { Command } from "commander";

import { checkOptions, DEFAULTS, namesOf } from "../../sim/simulate/options.js";
import { playSimulation } from "../../sim/simulate/play.js";
import type { Context } from "../context.js";
import { integer } from "../parse.js";

interface SimulateFlags {
  readonly workers: number;
  readonly frauds: string;
  readonly factors: string;
  readonly lies: string;
  readonly faults: string;
  readonly draws: number;
  readonly uses: string;
  readonly seed: number;
  readonly verbose?: boolean;
}

export function simulateCommand(program: Command, context: () => Context): void {
  program
    .command("simulate")
    .description(
      "many operators on a local chain of their own, with faults, frauds and false accusers; tells who earned and who lost",
    )
    .option("--workers <n>", "honest operators, each with other runtime settings", integer, DEFAULTS.workers)
    .option("--frauds <names>", "ways to answer dishonestly, or none", DEFAULTS.frauds.join(","))
    .option("--factors <numbers>", "multiples of the tolerance for `deviating`", DEFAULTS.factors.join(","))
    .option("--lies <names>", "ways to accuse falsely, or none", DEFAULTS.lies.join(","))
    .option("--faults <names>", "what goes wrong by itself, or none", DEFAULTS.faults.join(","))
    .option("--draws <n>", "jobs that name nobody", integer, DEFAULTS.draws)
    .option("--uses <names>", "what is used beside jobs in native coin, or none", DEFAULTS.uses.join(","))
    .option("--seed <n>", "seed of keys and random choices", integer, DEFAULTS.seed)
    .option("--verbose", "tell every transaction")
    .addHelpText(
      "after",
      `
Examples:
  npx touchstone simulate
  npx touchstone simulate --workers 3 --frauds copied,deviating --factors 1.01,2 --lies none --faults killed --seed 7
  npx touchstone simulate --uses delegation,receipts --json

Exit code 1 if anything ended as it should not; the processes' logs are kept then.`,
    )
    .action(async (flags: SimulateFlags) => {
      const { io } = context();
      const options = checkOptions({
        ...flags,
        frauds: namesOf(flags.frauds),
        factors: namesOf(flags.factors).map(Number),
        lies: namesOf(flags.lies),
        faults: namesOf(flags.faults),
        uses: namesOf(flags.uses),
      });
      const { json } = io;
      const write = (line: string): void => void process.stdout.write(`${line}\n`);
      if (!(await playSimulation(options, { json, verbose: flags.verbose === true, write }))) process.exitCode = 1;
    });
}
