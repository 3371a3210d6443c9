/**
 * `npm run mutate [-- --sample 400 --seed 1] [--money] [--only Contract] [--list] [--report] [--json]`: puts faults into the contracts,
 * one at a time, and asks whether the tests notice. Works in a copy of the tree; verdicts lie in --records, so that a run that was ended
 * resumes where it was. Which tests come by a fault is known from `npm run coverage`.
 */
import { existsSync, globSync } from "node:fs";
import { join } from "node:path";

import { TouchstoneError } from "../src/errors.js";
import { lockFile } from "../src/store/lock.js";
import { Build } from "./mutate/build.js";
import { parseFlags } from "./mutate/flags.js";
import { readJudgements } from "./mutate/judgements.js";
import { coreSources, findMutants, type Mutant, mutate } from "./mutate/mutants.js";
import { Reach } from "./mutate/reach.js";
import { appendVerdict, readVerdicts, testsVersion, type Verdict } from "./mutate/records.js";
import { renderMutant, renderSummary, summarise } from "./mutate/report.js";
import { compile, requireNoRun, runTests } from "./mutate/run.js";
import { sample } from "./mutate/sample.js";
import { createSelection, createUsers } from "./mutate/tests.js";
import { syncTree } from "./mutate/tree.js";
import { COVERING_TESTS, hitsFile, readHits, shardsOf } from "./probes/shards.js";
import { probeContracts } from "./probes/sources.js";
import { fingerprintOf } from "./support/fingerprint.js";

const flags = parseFlags(process.argv.slice(2));
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
// By id, which is a hash: where the run ends early, what was judged is a fair sample of the sample.
const chosen = sample(population, flags.sample ?? (flags.money ? population.length : 400), flags.seed).toSorted(
  (a, b) => (a.id < b.id ? -1 : 1),
);

if (flags.list) {
  for (const mutant of chosen) console.log(flags.json ? JSON.stringify(mutant) : renderMutant(mutant));
  if (!flags.json) console.log(`${chosen.length} of ${population.length} mutants`);
} else {
  const versions = new Map([...sources.keys()].map((file) => [file, fingerprintOf(file)]));
  const tests = testsVersion();
  const sourceOf = new Map(chosen.map(({ id, file }) => [id, versions.get(file)!]));
  const known = readVerdicts(flags.records, sourceOf, tests);
  const mine = chosen.filter((_, i) => i % flags.shard.count === flags.shard.index - 1);
  const left = flags.report ? [] : mine.filter(({ id }) => !known.get(id)?.current);
  if (left.length > 0) {
    const judgeMutant = await prepare(left);
    for (const [i, mutant] of left.entries()) {
      const started = Date.now();
      const verdict = await judgeMutant(mutant);
      const seconds = (Date.now() - started) / 1000;
      known.set(mutant.id, { verdict, current: true });
      appendVerdict(flags.records, { id: mutant.id, verdict, seconds, source: sourceOf.get(mutant.id)!, tests });
      console.error(`${i + 1}/${left.length} ${verdict} ${seconds.toFixed(0)} s ${renderMutant(mutant)}`);
    }
  }
  const judgements = readJudgements();
  const judged = chosen.flatMap((mutant) => {
    const verdict = known.get(mutant.id)?.verdict;
    return verdict === undefined ? [] : [{ mutant, verdict, judgement: judgements.get(mutant.id) }];
  });
  if (flags.json) for (const { mutant, ...rest } of judged) console.log(JSON.stringify({ ...mutant, ...rest }));
  const summary = summarise(population.length, chosen.length, judged);
  console.log(flags.json ? JSON.stringify({ seed: flags.seed, ...summary }) : renderSummary(summary));
}

/** Makes the copy ready for some mutants. Returns what judges one. */
async function prepare(mutants: readonly Mutant[]): Promise<(mutant: Mutant) => Promise<Verdict>> {
  lockFile(join(flags.out, "lock"), "The copy of the tree that mutants run in");
  const tree = join(flags.out, "tree");
  requireNoRun(tree);
  const usersOf = createUsers();
  const testsOf = createSelection(usersOf);
  const judges = new Set(mutants.flatMap(({ file }) => testsOf(file)));
  const shards = shardsOf(globSync(COVERING_TESTS)).filter(({ files }) => files.some((file) => judges.has(file)));
  const hits = shards.flatMap((shard) => {
    const file = hitsFile("cache/coverage/hits", shard);
    if (existsSync(file)) return readHits(file);
    throw new TouchstoneError("NO_COVERAGE", `it is not known what the tests in ${shard.name} reach`, {
      next: "Run `npm run coverage`, then this again.",
    });
  });
  const reach = new Reach(probeContracts(), hits);
  syncTree(tree);
  await compile(tree);
  const build = new Build(tree);
  return async (mutant) => {
    const { file } = mutant;
    const faulty = mutate(Buffer.from(sources.get(file)!), mutant).toString("utf8");
    const reaching = reach.testsOf(mutant, new Set(testsOf(file)));
    // Whom no test meets no test kills; but a source that no compiler takes is no fault.
    const run = () =>
      reaching.length === 0 ? Promise.resolve<Verdict>("survived") : runTests(tree, reaching, flags.limit);
    return (await build.with(file, faulty, usersOf(file), run)) ?? "uncompiled";
  };
}
