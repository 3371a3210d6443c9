import { join as joinPath } from "node:path";

import { formatEther, parseEther, ZeroAddress } from "ethers";

import { fromHex } from "../../audit/bytes.js";

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
import { readBooks, type FeeToken } from "../market/books.js";
import { createBuyer } from "../market/buyer.js";
import { listFeeToken } from "../market/currency.js";
import type { Delegator } from "../market/delegation.js";
import { allowReservations, serveArgs, startServer } from "../market/server.js";
import { FRAUDS } from "../frauds/frauds.js";
import { LIES } from "../lies/lies.js";
import { score } from "../report/format.js";
import { readAudits } from "../report/audits.js";
import { readDraws } from "../report/draws.js";
import type { Narrator } from "../report/narrator.js";
import { readOutcomes } from "../report/outcomes.js";
import type { Sink } from "../report/sink.js";
import { CHEATS, CONSUMER, HONEST, LIARS, PAID_IN_TOKENS, PUBLISHER, SELLER, SWINDLER, WATCHER } from "./cast.js";
import { drawImage, drawRow } from "./draw.js";
import { drawnJob } from "./drawn.js";
import {
  backOperator,
  COLLECT_FROM,
  DEPOSIT,
  letSwindlerIn,
  payDelegators,
  RECEIPT_PRICE,
  sellByReceipt,
  type Market,
} from "./market.js";
import { measureHere, type Measured } from "./measure.js";
import { summarise, type Summary } from "./summary.js";

const NO_PARENT = `0x${"0".repeat(64)}`;
const POLL_MS = 150;
const DAY = 86_400;
/** What the consumer has of the token that some fees are paid in. */
const TOKENS = parseEther("10");

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
  readonly feeToken: FeeToken;
}

function digitAt({ digits }: DigitModel, i: number): Digit {
  const digit = digits[i % digits.length];
  if (digit === undefined) throw internalError("a digit model has digits");
  return digit;
}

/** Asks operators for digits, one after the other, and waits until all have answered and nobody has anything to do. */
async function ask({ world, model, modelId }: Stage, operators: readonly Operator[]): Promise<string[]> {
  const { suite } = world;
  const consumer = await world.actors.get(CONSUMER);
  const requester = { suite, sender: world.sender(consumer), signer: world.signer(consumer) };
  const jobIds: string[] = [];
  for (const [i, { owner }] of operators.entries()) {
    const inputs = [digitAt(model, i).image];
    const request = { modelId, operator: owner.address, inputs, lock: TERMS.lock, within: TERMS.duration };
    jobIds.push((await requestJob(requester, request)).jobId);
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

async function join({ world, modelId, feeToken }: Stage, names: readonly string[]): Promise<Operator[]> {
  const joined: Operator[] = [];
  for (const name of names) {
    joined.push(await joinOperator(world, name, modelId, name === PAID_IN_TOKENS ? feeToken.address : undefined));
  }
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

/** Answers without transactions: some are paid by vouchers, one is wrong; then the consumer takes its deposits back. */
async function receipts(stage: Stage, market: Market, seller: URL): Promise<Delegator[]> {
  const { sink, world } = stage;
  sink.chapter("Answers by HTTP are backed by signed receipts and paid by vouchers; one is wrong");
  const [operator] = await join(stage, [SWINDLER.name]);
  if (operator === undefined) throw internalError("one name makes one operator");
  const { endpoint, delegators } = await letSwindlerIn(market, operator);
  await world.clock.settle();
  await sellByReceipt(market, seller, endpoint);
  await world.clock.settleAnew();
  await market.buyer.thawAll();
  await untilNothingIsDue(stage);
  await market.buyer.takeBack();
  await world.clock.settle();
  return delegators;
}

/** The consumer takes its refunds, so that nothing is left on the table. */
async function collectRefunds({ world }: Stage): Promise<void> {
  const { jobs, staking } = world.suite;
  const sender = world.sender(await world.actors.get(CONSUMER));
  await sender.send(await jobs.withdraw.populateTransaction(ZeroAddress, sender.address));
  await sender.send(await staking.withdrawReward.populateTransaction(sender.address));
  await world.clock.settle();
}

/** The honest operators join and start; one of them sells by HTTP too. */
async function openHonestly(
  stage: Stage,
): Promise<{ operators: readonly Operator[]; seller: URL; delegators: Delegator[] }> {
  const { world, modelId } = stage;
  const operators = await join(stage, HONEST);
  const delegators: Delegator[] = [];
  let seller: URL | undefined;
  for (const operator of operators) {
    const role = { name: `worker ${operator.name}`, actor: operator.worker, args: workerArgs(DEFAULT_RUNTIME) };
    if (operator.name !== SELLER) {
      world.startRole(role);
      continue;
    }
    delegators.push(...(await backOperator(world, operator)));
    await allowReservations(world, operator);
    const selling = [...serveArgs(modelId, RECEIPT_PRICE), "--collect-from", formatEther(COLLECT_FROM)];
    seller = (await startServer(world, { ...role, args: [...role.args, ...selling] })).endpoint;
  }
  if (seller === undefined) throw internalError("the seller is one of the honest operators");
  return { operators, seller, delegators };
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
  const consumer = await world.actors.get(CONSUMER);
  const address = await listFeeToken(world, { holder: consumer.address, supply: TOKENS });
  const feeToken = { address, holder: consumer.address, supply: TOKENS };
  await world.clock.settle();

  sink.chapter("Three operators stake, one with a delegator behind it, and a watcher starts to look");
  const stage: Stage = { sink, seed, world, model, modelId, feeToken };
  const { operators, seller, delegators } = await openHonestly(stage);
  const { endpoint: watcher } = await startServer(world, {
    name: WATCHER,
    actor: await world.actors.get(WATCHER),
    args: watcherArgs(),
  });
  await world.clock.settle();

  await honestJobs(stage, operators);
  await frauds(stage);
  const buyer = createBuyer(world, {
    actor: consumer,
    state: joinPath(home, "state", "buyer.sqlite"),
    ...{ modelId, watcher: () => watcher, maxPrice: RECEIPT_PRICE, deposit: DEPOSIT },
  });
  const market: Market = { sink, world, seed, modelId, buyer, digits: model.digits };
  delegators.push(...(await receipts(stage, market, seller)));
  await lies(stage, operators);
  const asker = { world, modelId, consumer: world.sender(consumer) };
  await drawnJob({ ...asker, sink, operators, digit: digitAt(model, 0) });
  await untilNothingIsDue(stage);
  await collectRefunds(stage);
  await payDelegators(world, delegators);
  await world.clock.settle();
  buyer.close();

  const evidencer = createEvidencer(createCatalogue(suite, files), createInlineSink());
  const outcomes = await readOutcomes(world, evidencer, buyer.bought);
  const books = await readBooks(world, feeToken);
  const now = (await world.provider.getBlock("latest"))?.timestamp ?? 0;
  return summarise(
    {
      ...{ outcomes, books, lock: TERMS.lock },
      draws: await readDraws(suite),
      audits: await readAudits(world, outcomes),
      nameOf: (account) => world.actors.nameOf(account) ?? account,
    },
    { seed, gas: narrator.gas(), chainDays: (now - world.startedAt) / DAY, seconds: options.elapsed() },
  );
}
