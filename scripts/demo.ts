/**
 * `npm run demo [-- --json --seed <n>]`: a chain, real operators, real answers, four frauds and three false accusers.
 */
import { appendFileSync, writeFileSync } from "node:fs";

import { Command } from "commander";

import { explain } from "../src/errors.js";
import { runDemo } from "../src/sim/demo/demo.js";
import { renderSummary } from "../src/sim/demo/summary.js";
import type { World } from "../src/sim/driver/world.js";
import { shortId } from "../src/sim/report/format.js";
import { createNarrator } from "../src/sim/report/narrator.js";
import { createSink, joinSinks } from "../src/sim/report/sink.js";
import { runInPlace } from "../src/sim/run.js";

const { json, seed, transcript } = new Command("demo")
  .option("--json", "one JSON object a line; the last one is the result")
  .option("--seed <n>", "seed of keys and random choices", Number, 1)
  .option("--transcript <file>", "write the text to a file as well")
  .parse()
  .opts<{ json?: boolean; seed: number; transcript?: string }>();

const started = performance.now();
let world: World | undefined;
const startedAt = (): number => world?.startedAt ?? 0;
const sinks = [createSink({ json: json === true, write: (line) => console.log(line), startedAt })];
if (transcript !== undefined) {
  writeFileSync(transcript, "");
  sinks.push(createSink({ json: false, write: (line) => appendFileSync(transcript, `${line}\n`), startedAt }));
}
const sink = joinSinks(sinks);
const narrator = createNarrator((address) => world?.actors.nameOf(address) ?? shortId(address));
sink.text([`Touchstone demo, seed ${seed}. Amounts: coins are the chain's own, tokens are stake.`]);

try {
  const ok = await runInPlace("demo", async ({ children, home }) => {
    const elapsed = (): number => (performance.now() - started) / 1_000;
    const onWorld = (made: World): void => {
      world = made;
    };
    const summary = await runDemo({ sink, narrator, children, home, seed, elapsed, onWorld });
    sink.chapter("Result");
    sink.result(summary, () => renderSummary(summary));
    return summary.problems.length === 0;
  });
  process.exit(ok ? 0 : 1);
} catch (thrown) {
  process.stderr.write(explain(thrown));
  process.exit(1);
}
