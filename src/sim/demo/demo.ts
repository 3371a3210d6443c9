import { fromHex } from "../../audit/bytes.js";
import { ZeroAddress } from "ethers";

import { requestJob } from "../../client/request.js";
import { fetchClaim } from "../../dispute/claims.js";
import { createInlineSink } from "../../audit/roots.js";
import { createEvidencer } from "../../dispute/evidence.js";
import { internalError } from "../../errors.js";
import { createCatalogue } from "../../models/catalogue.js";
import { publishModel } from "../../models/publish.js";
import { classOf, readDigitModel, scoresOf, type Digit, type DigitModel } from "../digits.js";
import { ROOT, type Children } from "../driver/children.js";
import { joinOperator, TERMS, type Operator } from "../driver/operators.js";
import { DEFAULT_RUNTIME, fraudArgs, liarArgs, watcherArgs, workerArgs } from "../driver/processes.js";
import { createWorld, type World } from "../driver/world.js";
import { FRAUDS } from "../frauds/frauds.js";
import { LIES } from "../lies/lies.js";
import { score } from "../report/format.js";
import type { Narrator } from "../report/narrator.js";
import { readOutcomes } from "../report/outcomes.js";
import type { Sink } from "../report/sink.js";
import { CHEATS, CONSUMER, HONEST, LIARS, PUBLISHER, WATCHER } from "./cast.js";
import { drawImage, drawRow } from "./draw.js";
import { measureHere, type Measured } from "./measure.js";
import { summarise, type Summary } from "./summary.js";

const NO_PARENT = `0x${"0".repeat(64)}`;
const POLL_MS = 150;
const DAY = 86_400;

export interface DemoOptions {
  readonly sink: Sink;
  readonly narrator: Narrator;
  readonly children: Children;
  /** Folder for models, states and the address book. */
  readonly home: string;
  readonly seed: number;
  /** Seconds since the demo began. */
  readonly elapsed: () => number;
  /** Told the world as soon as it stands. */
  readonly onWorld: (world: World) => void;
}

interface Stage {
  readonly sink: Sink;
  readonly seed: number;
  readonly world: World;
  readonly model: DigitModel;
  readonly modelId: string;
}

function digitAt({ digits }: DigitModel, i: number): Digit {
  const digit = digits[i % digits.length];
  if (digit === undefined) throw internalError("a digit model has digits");
  return digit;
}

/** Asks operators for digits, one after the other, and waits until all have answered and nobody has anything to do. */
async function ask({ world, model, modelId }: Stage, operators: readonly Operator[]): Promise<string[]> {
  const { suite } = world;
  const sender = world.sender(await world.actors.get(CONSUMER));
  const jobIds: string[] = [];
  for (const [i, { owner }] of operators.entries()) {
    const inputs = [digitAt(model, i).image];
    const request = { modelId, operator: owner.address, inputs, lock: TERMS.lock, within: TERMS.duration };
    jobIds.push((await requestJob({ suite, sender }, request)).jobId);
  }
  await world.clock.settle();
  return jobIds;
}

/** Moves time from deadline to deadline until nothing is due any more. */
async function untilNothingIsDue({ world }: Stage): Promise<void> {
  let more = true;
  while (more) more = await world.clock.advance();
}

/** The digits beside each other, with what was answered. */
async function drawAnswers({ world, model }: Stage, jobIds: readonly string[]): Promise<string[]> {
  const pictures = await Promise.all(
    jobIds.map(async (jobId, i) => {
      const claim = await fetchClaim(world.suite, jobId);
      const scores = scoresOf(fromHex(claim?.outputs[0] ?? "0x"));
      const digit = classOf(scores);
      const next = Math.max(...scores.filter((_, k) => k !== digit));
      const caption = `"${digit}"  ${score(scores[digit] ?? NaN)}, next ${score(next)}`;
      return { lines: drawImage(digitAt(model, i).image), caption };
    }),
  );
  return ["", ...drawRow(pictures).map((row) => `    ${row}`), ""];
}

async function join({ world, modelId }: Stage, names: readonly string[]): Promise<Operator[]> {
  const joined: Operator[] = [];
  for (const name of names) joined.push(await joinOperator(world, name, modelId));
  return joined;
}

async function honestJobs(stage: Stage, operators: readonly Operator[]): Promise<void> {
  stage.sink.chapter("Three handwritten digits are read; unchallenged for a day, the answers are final and paid");
  const jobIds = await ask(stage, operators);
  stage.sink.text(await drawAnswers(stage, jobIds));
  await untilNothingIsDue(stage);
}

async function frauds(stage: Stage): Promise<void> {
  const { sink, world, seed } = stage;
  sink.chapter("Four operators cheat; the watcher recomputes, challenges, and their stakes are slashed");
  sink.text(CHEATS.map(({ name, fraud }) => `  ${name} sells ${FRAUDS[fraud]}`));
  const cheats = await join(
    stage,
    CHEATS.map(({ name }) => name),
  );
  for (const [i, { worker, name }] of cheats.entries()) {
    world.startRole({ name: `worker ${name}`, actor: worker, args: fraudArgs(CHEATS[i]?.fraud ?? "another", seed) });
  }
  await ask(stage, cheats);
  await untilNothingIsDue(stage);
}

async function lies(stage: Stage, operators: readonly Operator[]): Promise<void> {
  const { sink, world, seed } = stage;
  sink.chapter("Three false accusers attack honest answers; the accused and the watcher defend them");
  sink.text(LIARS.map(({ name, lie }) => `  ${name} asserts ${LIES[lie].about}`));
  const jobIds = await ask(stage, operators);
  for (const [i, { name, lie }] of LIARS.entries()) {
    const args = liarArgs(lie, jobIds[i] ?? "", seed);
    world.startRole({ name: `challenger ${name}`, actor: await world.actors.get(name), args });
  }
  await untilNothingIsDue(stage);
}

/** The consumer takes its refunds, so that nothing is left on the table. */
async function collectRefunds({ world }: Stage): Promise<void> {
  const { jobs, staking } = world.suite;
  const sender = world.sender(await world.actors.get(CONSUMER));
  await sender.send(await jobs.withdraw.populateTransaction(ZeroAddress, sender.address));
  await sender.send(await staking.withdrawReward.populateTransaction(sender.address));
  await world.clock.settle();
}

function tellMeasured({ tolerance, noise, substitute, inputs }: Measured): string {
  return (
    `  On this machine, ${inputs} inputs: honest runtimes differ from the exact answer by at most ${noise.toPrecision(2)},\n` +
    `  the closest cheaper version (${substitute.label}) by ${substitute.error.toPrecision(2)}. Published tolerance: ${tolerance}.`
  );
}

/** Plays the whole demo. Everything but the consumer, the publisher and the owners' keys is a process of its own. */
export async function runDemo(options: DemoOptions): Promise<Summary> {
  const { sink, narrator, children, home, seed } = options;
  const model = readDigitModel(ROOT);
  const measuring = measureHere(model, seed);
  sink.chapter("A chain of its own, and the contracts on it");
  const world = await createWorld({
    children,
    home,
    seed,
    pollMs: POLL_MS,
    onWorld: options.onWorld,
    onStep: (step) => {
      const line = narrator.tell(step);
      if (line !== undefined) sink.line(line);
    },
  });
  const { suite, files } = world;

  sink.chapter("A trained model is published with its tolerance");
  const measured = await measuring;
  sink.text([tellMeasured(measured)]);
  sink.data("calibration", measured);
  const publisher = world.sender(await world.actors.get(PUBLISHER));
  const { bytes, manifest } = model;
  const publication = { bytes, manifest, parent: NO_PARENT, uri: "" };
  const { modelId } = await publishModel({ suite, sender: publisher, files }, publication);
  await world.clock.settle();

  sink.chapter("Three operators stake, and a watcher starts to look");
  const stage: Stage = { sink, seed, world, model, modelId };
  const operators = await join(stage, HONEST);
  for (const { name, worker } of operators) {
    world.startRole({ name: `worker ${name}`, actor: worker, args: workerArgs(DEFAULT_RUNTIME) });
  }
  world.startRole({ name: WATCHER, actor: await world.actors.get(WATCHER), args: watcherArgs() });
  await world.clock.settle();

  await honestJobs(stage, operators);
  await frauds(stage);
  await lies(stage, operators);
  await collectRefunds(stage);

  const evidencer = createEvidencer(createCatalogue(suite, files), createInlineSink());
  const outcomes = await readOutcomes(suite, world.ledger, evidencer);
  const now = (await world.provider.getBlock("latest"))?.timestamp ?? 0;
  return summarise(
    { outcomes, nameOf: (address) => world.actors.nameOf(address) ?? address, lock: TERMS.lock },
    { seed, gas: narrator.gas(), chainDays: (now - world.startedAt) / DAY, seconds: options.elapsed() },
  );
}
