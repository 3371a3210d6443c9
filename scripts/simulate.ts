/**
 * `npm run simulate [-- --workers 6 --frauds another,copied --faults none --seed 7 --json]`: many operators on a local chain, with
 * faults, frauds and false accusers, and a summary of who earned and who lost.
 */
import { Command } from "commander";

import type { World } from "../src/sim/driver/world.js";
import { shortId } from "../src/sim/report/format.js";
import { createNarrator } from "../src/sim/report/narrator.js";
import { createSink } from "../src/sim/report/sink.js";
import { runInPlace } from "../src/sim/run.js";
import { checkOptions, DEFAULTS, namesOf } from "../src/sim/simulate/options.js";
import { renderReport } from "../src/sim/simulate/report.js";
import { simulate } from "../src/sim/simulate/simulate.js";

const flags = new Command("simulate")
  .description("Honest machines that differ in their last bits, faults, frauds and false accusers on a local chain.")
  .option("--workers <n>", "honest operators, each with other runtime settings", Number, DEFAULTS.workers)
  .option("--frauds <names>", "ways to answer dishonestly, or none", DEFAULTS.frauds.join(","))
  .option("--factors <numbers>", "multiples of the tolerance for `deviating`", DEFAULTS.factors.join(","))
  .option("--lies <names>", "ways to accuse falsely, or none", DEFAULTS.lies.join(","))
  .option("--faults <names>", "what goes wrong by itself, or none", DEFAULTS.faults.join(","))
  .option("--draws <n>", "jobs that name nobody", Number, DEFAULTS.draws)
  .option("--uses <names>", "what is used beside jobs in native coin, or none", DEFAULTS.uses.join(","))
  .option("--seed <n>", "seed of keys and random choices", Number, DEFAULTS.seed)
  .option("--verbose", "tell every transaction")
  .option("--json", "one JSON object a line; the last one is the result")
  .parse()
  .opts<{
    workers: number;
    frauds: string;
    factors: string;
    lies: string;
    faults: string;
    draws: number;
    uses: string;
    seed: number;
    verbose?: boolean;
    json?: boolean;
  }>();

const started = performance.now();
let world: World | undefined;
const sink = createSink({
  json: flags.json === true,
  write: (line) => console.log(line),
  startedAt: () => world?.startedAt ?? 0,
});

const exitCode = await runInPlace("simulate", async ({ children, home }) => {
  const options = checkOptions({
    ...flags,
    frauds: namesOf(flags.frauds),
    factors: namesOf(flags.factors).map(Number),
    lies: namesOf(flags.lies),
    faults: namesOf(flags.faults),
    uses: namesOf(flags.uses),
  });
  sink.text([`Touchstone simulation, seed ${options.seed}`]);
  const summary = await simulate({
    options,
    sink,
    narrator: createNarrator((address) => world?.actors.nameOf(address) ?? shortId(address)),
    children,
    home,
    elapsed: () => (performance.now() - started) / 1_000,
    onWorld: (made) => {
      world = made;
    },
    verbose: flags.verbose === true,
  });
  sink.chapter("Result");
  sink.result(summary, () => renderReport(summary));
  return summary.problems.length === 0;
});
process.exit(exitCode);
