/**
 * `npm run demo [-- --json] [-- --seed <n>]`: a chain, real operators, real answers, four frauds and three false accusers.
 */
import { Command } from "commander";

import { runDemo } from "../src/sim/demo/demo.js";
import { renderSummary } from "../src/sim/demo/summary.js";
import type { World } from "../src/sim/driver/world.js";
import { shortId } from "../src/sim/report/format.js";
import { createNarrator } from "../src/sim/report/narrator.js";
import { createSink } from "../src/sim/report/sink.js";
import { runInPlace } from "../src/sim/run.js";

const { json, seed } = new Command("demo")
  .option("--json", "one JSON object a line; the last one is the result")
  .option("--seed <n>", "seed of keys and random choices", Number, 1)
  .parse()
  .opts<{ json?: boolean; seed: number }>();

const started = performance.now();
let world: World | undefined;
const sink = createSink({
  json: json === true,
  write: (line) => console.log(line),
  startedAt: () => world?.startedAt ?? 0,
});
const narrator = createNarrator((address) => world?.actors.nameOf(address) ?? shortId(address));
sink.text([`Touchstone demo, seed ${seed}. Amounts: coins are the chain's own, tokens are stake.`]);

const exitCode = await runInPlace("demo", async ({ children, home }) => {
  const elapsed = (): number => (performance.now() - started) / 1_000;
  const onWorld = (made: World): void => {
    world = made;
  };
  const summary = await runDemo({ sink, narrator, children, home, seed, elapsed, onWorld });
  sink.chapter("Result");
  sink.result(summary, () => renderSummary(summary));
  return summary.problems.length === 0;
});
process.exit(exitCode);
