/**
 * `npm run soak [-- --minutes 60 --seed 1]`: simulations one after the other for so long, in which roles are killed at random, one of
 * three endpoints of the chain at a time fails or lies, and the chain reorganises. Every one is judged like any simulation, by what is
 * on the chain.
 */
import { writeFileSync } from "node:fs";

import { Command } from "commander";

import { explain, messageOf } from "../src/errors.js";
import type { World } from "../src/sim/driver/world.js";
import { shortId } from "../src/sim/report/format.js";
import { createNarrator } from "../src/sim/report/narrator.js";
import { createSink } from "../src/sim/report/sink.js";
import { runInPlace } from "../src/sim/run.js";
import { DEFAULTS, type SimulationOptions } from "../src/sim/simulate/options.js";
import { simulate } from "../src/sim/simulate/simulate.js";
import { createStorm } from "../src/sim/simulate/storm.js";
import { watchMemory } from "./soak/memory.js";
import { renderVerdict, trialOf, verdictOf, type Trial } from "./soak/verdict.js";
import { startAnvil } from "./support/anvil.js";
import { whole } from "./support/flags.js";

const flags = new Command("soak")
  .description(
    "Simulations with random kills of roles, endpoints that fail and lie, and reorganisations, until the time is over.",
  )
  .option("--minutes <n>", "how long; the simulation that is running then is finished", whole("minutes", 1e6), 60)
  .option("--seed <n>", "seed of the first one; each later one has the next", whole("seed", 1e9), 1)
  .option("--workers <n>", "honest operators in each", whole("workers", 100), 2)
  .option("--json", "print the verdict as one JSON object")
  .option("--plot <file>", "draw memory into this SVG file")
  .parse()
  .opts<{ minutes: number; seed: number; workers: number; json?: boolean; plot?: string }>();

/** So many of these, the next ones with each seed, so that trials are short and all have their turn. */
function turn<T extends string>(all: readonly string[], count: number, seed: number): T[] {
  return Array.from({ length: count }, (_, i) => all[(seed * count + i) % all.length] as T);
}

/** The storm does the killing. */
const optionsOf = (seed: number): SimulationOptions => ({
  ...{ seed, workers: flags.workers, faults: ["late", "absent"], draws: 2, factors: [1.01] },
  ...{ frauds: turn(DEFAULTS.frauds, 2, seed), lies: turn(DEFAULTS.lies, 1, seed) },
  uses: turn(DEFAULTS.uses, DEFAULTS.uses.length, 0),
});

const started = performance.now();
const minutes = (): number => (performance.now() - started) / 60_000;
const memory = watchMemory();

/** One simulation on a chain of its own, in a storm. */
async function trial(seed: number): Promise<Trial> {
  const began = minutes();
  let done: Trial | undefined;
  await runInPlace("soak", async ({ children, home }) => {
    const anvil = await startAnvil("--accounts", "20");
    const { rpcUrl, provider } = anvil;
    try {
      const chain = { rpcUrl, provider, chainId: Number((await provider.getNetwork()).chainId) };
      const storm = await createStorm(rpcUrl, seed);
      let world: World | undefined;
      const narrator = createNarrator((address) => world?.actors.nameOf(address) ?? shortId(address));
      const sink = createSink({ json: false, write: () => undefined, startedAt: () => world?.startedAt ?? 0 });
      const result = await simulate({
        ...{ options: optionsOf(seed), sink, narrator, children, home, verbose: false },
        elapsed: () => 60 * (minutes() - began),
        onWorld: (made) => {
          world = made;
          memory.follow(() => made.roles());
        },
        storm: { chain, storm },
      });
      const revived = (world?.roles() ?? []).flatMap((role) =>
        role.revivals() === 0 ? [] : [[role.name, role.revivals()] as const],
      );
      const about = { minutes: minutes() - began, storm: await storm.end(), revived: Object.fromEntries(revived) };
      done = trialOf(result, about);
      return done.problems.length === 0;
    } finally {
      await children.stopAll();
      await anvil.stop();
    }
  });
  return done!;
}

const trials: Trial[] = [];
let failure: string | undefined;
for (let seed = flags.seed; minutes() < flags.minutes && failure === undefined; seed++) {
  process.stderr.write(`soak: simulation with seed ${seed}, after ${minutes().toFixed(1)} minutes\n`);
  try {
    const done = await trial(seed);
    trials.push(done);
    if (done.problems.length > 0) failure = `seed ${seed} did not end as it should`;
  } catch (thrown) {
    process.stderr.write(explain(thrown));
    failure = messageOf(thrown);
  }
}
memory.stop();
const verdict = verdictOf(trials, { minutes: minutes(), memory: memory.peaks(), failure });
if (flags.plot !== undefined && trials.length > 0) writeFileSync(flags.plot, memory.plot(verdict.minutes));
for (const line of flags.json === true ? [JSON.stringify(verdict)] : renderVerdict(verdict)) console.log(line);
process.exit(verdict.ok ? 0 : 1);
