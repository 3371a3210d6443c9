/**
 * `npm run mutate [-- --sample 400 --seed 1] [--money] [--only Contract] [--list] [--json]`: puts faults into the contracts, one at a
 * time, and asks whether the tests notice. Works in a copy of the tree; verdicts lie in --out, so that a run that was ended resumes where
 * it was.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { Command } from "commander";

import { TouchstoneError } from "../src/errors.js";
import { lockFile } from "../src/store/lock.js";
import { coreSources, findMutants, mutate } from "./mutate/mutants.js";
import { appendVerdict, currentVersions, readVerdicts, type Verdict } from "./mutate/records.js";
import { renderMutant, renderSummary, summarise } from "./mutate/report.js";
import { requireNoRun, runTests } from "./mutate/run.js";
import { sample } from "./mutate/sample.js";
import { createSelection } from "./mutate/tests.js";
import { syncTree, withFile } from "./mutate/tree.js";
import { whole } from "./support/flags.js";

const flags = new Command("mutate")
  .description("Puts faults into the contracts, one at a time, and asks whether the tests notice.")
  .option(
    "--sample <n>",
    "so many mutants, spread over folders and kinds of faults as all are (default: 400)",
    whole("sample", 1e6),
  )
  .option("--seed <n>", "of the sample", whole("seed", 1e9), 20261128)
  .option("--money", "choose among the mutants of sources that move stakes and bonds; without --sample: all")
  .option("--only <names>", "choose among the mutants of these contracts, separated by commas")
  .option("--limit <seconds>", "for compiling and testing one mutant", whole("limit", 1e6), 900)
  .option("--out <folder>", "where the copy of the tree and the records lie", "cache/mutate")
  .option("--list", "only list the mutants")
  .option("--json", "one record a line")
  .parse()
  .opts<{
    sample?: number;
    seed: number;
    money?: boolean;
    only?: string;
    limit: number;
    out: string;
    list?: boolean;
    json?: boolean;
  }>();

const sources = coreSources();
const names = flags.only?.split(",");
const nameOf = (file: string) => file.slice(file.lastIndexOf("/") + 1, -".sol".length);
const unknown = names?.find((name) => ![...sources.keys()].some((file) => nameOf(file) === name));
if (unknown !== undefined) {
  throw new TouchstoneError("UNKNOWN_CONTRACT", `there is no contract ${unknown} to mutate`, {
    next: `Name some of ${[...sources.keys()].map(nameOf).join(", ")}.`,
  });
}
const population = findMutants(sources).filter(
  ({ file, money }) => (names?.includes(nameOf(file)) ?? true) && (money || !flags.money),
);
const chosen = sample(population, flags.sample ?? (flags.money ? population.length : 400), flags.seed);

if (flags.list) {
  for (const mutant of chosen) console.log(flags.json ? JSON.stringify(mutant) : renderMutant(mutant));
  if (!flags.json) console.log(`${chosen.length} of ${population.length} mutants`);
} else {
  const release = lockFile(join(flags.out, "lock"), "The copy of the tree that mutants run in");
  const tree = join(flags.out, "tree");
  requireNoRun(tree);
  syncTree(tree);
  const records = join(flags.out, "records.jsonl");
  const versions = currentVersions();
  const verdicts = readVerdicts(records, versions);
  const testsOf = createSelection();

  /** The verdict on one state of the copy, from the records or by running its tests. */
  const verdictOn = async (id: string, tests: readonly string[]): Promise<{ verdict: Verdict; output: string }> => {
    const started = Date.now();
    const result = await runTests(tree, tests, flags.limit);
    verdicts.set(id, result.verdict);
    appendVerdict(records, { id, verdict: result.verdict, seconds: (Date.now() - started) / 1000, ...versions });
    return result;
  };

  for (const [i, mutant] of chosen.entries()) {
    const known = verdicts.get(mutant.id);
    if (known === undefined) {
      const tests = testsOf(mutant.file);
      // Tests that fail without a fault would kill every mutant.
      const baseline = `baseline ${tests.join(" ")} ${versions.tests}`;
      if (verdicts.get(baseline) !== "survived") {
        const { verdict, output } = await verdictOn(baseline, tests);
        if (verdict !== "survived") {
          throw new TouchstoneError("BASELINE_FAILS", `without a fault the tests end with ${verdict}:\n${output}`, {
            next: "Correct the tests or the contracts, or give more time with --limit.",
          });
        }
      }
      const faulty = mutate(readFileSync(mutant.file), mutant);
      await withFile(join(tree, mutant.file), faulty, () => verdictOn(mutant.id, tests));
    }
    const verdict = verdicts.get(mutant.id)!;
    if (flags.json) console.log(JSON.stringify({ ...mutant, verdict }));
    else
      console.error(
        `${i + 1}/${chosen.length} ${verdict}${known === undefined ? "" : " (recorded)"} ${renderMutant(mutant)}`,
      );
  }
  release();
  const summary = summarise(
    population.length,
    chosen.map((mutant) => ({ mutant, verdict: verdicts.get(mutant.id)! })),
  );
  console.log(flags.json ? JSON.stringify({ seed: flags.seed, ...summary }) : renderSummary(summary));
}
