/**
 * `npm run soak [-- --minutes 60 --seed 1]`: simulations one after the other for so long, in which roles are killed at random and one of
 * three endpoints of the chain at a time fails or lies. Every one is judged like any simulation, by what is on the chain.
 */
import { Command } from "commander";

import { explain } from "../src/errors.js";
import { startLocalChain } from "../src/sim/driver/local-chain.js";
import type { World } from "../src/sim/driver/world.js";
import { renderTable, shortId } from "../src/sim/report/format.js";
import { createNarrator } from "../src/sim/report/narrator.js";
import { createSink } from "../src/sim/report/sink.js";
import { runInPlace } from "../src/sim/run.js";
import { DEFAULTS, type SimulationOptions } from "../src/sim/simulate/options.js";
import { simulate } from "../src/sim/simulate/simulate.js";
import { createStorm } from "../src/sim/simulate/storm.js";
import { whole } from "./support/flags.js";

const flags = new Command("soak")
  .description("Simulations with random kills of roles and endpoints that fail and lie, until the time is over.")
  .option("--minutes <n>", "how long; the simulation that is running then is finished", whole("minutes", 1e6), 60)
  .option("--seed <n>", "seed of the first one; each later one has the next", whole("seed", 1e9), 1)
  .option("--workers <n>", "honest operators in each", whole("workers", 100), 3)
  .parse()
  .opts<{ minutes: number; seed: number; workers: number }>();

/** The storm does the killing. */
const optionsOf = (seed: number): SimulationOptions => ({
  ...DEFAULTS,
  ...{ seed, workers: flags.workers, faults: ["late", "absent"], draws: 3, factors: [1.01, 2] },
  ...{
    frauds: [...DEFAULTS.frauds] as SimulationOptions["frauds"],
    lies: [...DEFAULTS.lies] as SimulationOptions["lies"],
  },
  uses: [...DEFAULTS.uses] as SimulationOptions["uses"],
});

const started = performance.now();
const minutes = (): number => (performance.now() - started) / 60_000;
const add = (into: Record<string, number>, what: Readonly<Record<string, number>>): void => {
  for (const [name, count] of Object.entries(what)) into[name] = (into[name] ?? 0) + count;
};
const list = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");

const rows: string[][] = [
  ["seed", "minutes", "jobs", "receipts", "frauds", "slashed", "missed", "false slashes", "kills", "faults"],
];
const [kills, faults]: [Record<string, number>, Record<string, number>] = [{}, {}];
let failed = 0;
for (let seed = flags.seed; minutes() < flags.minutes && failed === 0; seed++) {
  const began = minutes();
  console.log(`soak: simulation with seed ${seed}, after ${began.toFixed(1)} minutes`);
  const run = runInPlace("soak", async ({ children, home }) => {
    const chain = await startLocalChain(children);
    const storm = await createStorm(chain.rpcUrl, seed);
    let world: World | undefined;
    const narrator = createNarrator((address) => world?.actors.nameOf(address) ?? shortId(address));
    const sink = createSink({ json: false, write: () => undefined, startedAt: () => world?.startedAt ?? 0 });
    const result = await simulate({
      ...{ options: optionsOf(seed), sink, narrator, children, home, verbose: false },
      elapsed: () => 60 * (minutes() - began),
      onWorld: (made) => {
        world = made;
      },
      storm: { chain, storm },
    });
    const weather = await storm.end();
    add(kills, weather.kills);
    add(faults, weather.faults);
    const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0);
    rows.push(
      [
        ...[
          seed,
          (minutes() - began).toFixed(1),
          result.operators.reduce((n, { jobs }) => n + jobs, 0),
          result.receipts,
        ],
        ...[result.frauds, result.fraudsSlashed, result.fraudsMissed, result.falseSlashes],
        ...[sum(weather.kills), sum(weather.faults)],
      ].map(String),
    );
    for (const problem of result.problems) console.log(`  NOT AS IT SHOULD BE: ${problem}`);
    return result.problems.length === 0;
  });
  const ok = await run.catch((thrown: unknown) => {
    process.stderr.write(explain(thrown));
    return false;
  });
  if (!ok) failed++;
}
for (const line of renderTable(rows)) console.log(line);
console.log(`  killed: ${list(kills)}`);
console.log(`  endpoints: ${list(faults)}`);
console.log(failed === 0 ? "  nothing lost, nothing done twice, no false slash, no missed fraud" : "  FAILED");
process.exit(failed === 0 ? 0 : 1);
