import { requestJob } from "../../client/request.js";
import { createInlineSink } from "../../audit/roots.js";
import { createEvidencer } from "../../dispute/evidence.js";
import { ClaimStatus, tolerantSend } from "../../dispute/protocol.js";
import { createCatalogue } from "../../models/catalogue.js";
import { publishModel } from "../../models/publish.js";
import { readDigitModel, type Digit } from "../digits.js";
import { ROOT, type Children } from "../driver/children.js";
import { TERMS } from "../driver/operators.js";
import { liarArgs } from "../driver/processes.js";
import { nextEpoch } from "../driver/draws.js";
import type { LocalChain } from "../driver/local-chain.js";
import { createWorld, type World } from "../driver/world.js";
import { drawBelow, randomFor } from "../random.js";
import { chainTime } from "../report/format.js";
import type { Narrator } from "../report/narrator.js";
import { readOutcomes } from "../report/outcomes.js";
import type { Sink } from "../report/sink.js";
import { readDraws } from "../report/draws.js";
import { readAudits } from "../report/audits.js";
import { openAudits } from "./audits.js";
import { compareBits } from "./bits.js";
import { runDraws } from "./drawn.js";
import { openCurrency, openMarket } from "./market.js";
import { FAULTS, type SimulationOptions } from "./options.js";
import { populate, type Member, type Population } from "./population.js";
import { report, type SimulationReport } from "./report.js";
import type { Storm } from "./storm.js";

const CONSUMER = "consumer";
const PUBLISHER = "publisher";
const NO_PARENT = `0x${"0".repeat(64)}`;
const POLL_MS = 200;
/** With three endpoints, each look takes three times the work. */
const STORM_POLL_MS = 1_000;
/** A role that is killed again and again, while endpoints are silent, is longer at work. */
const STORM_PATIENCE_MS = 600_000;
/** How often the unlucky worker is killed, and the longest time between two kills. */
const KILLS = 3;
const KILL_MS = 1_500;

export interface SimulationRun {
  readonly options: SimulationOptions;
  readonly sink: Sink;
  readonly narrator: Narrator;
  readonly children: Children;
  readonly home: string;
  readonly elapsed: () => number;
  readonly onWorld: (world: World) => void;
  /** Whether every transaction is told. */
  readonly verbose: boolean;
  /** A chain that runs already, and what happens to roles and its endpoints meanwhile. */
  readonly storm?: { readonly chain: LocalChain; readonly storm: Storm };
}

/** One question to one operator. */
interface Question {
  readonly member: Member;
  readonly digit: Digit;
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const list = [...items];
  for (let i = list.length - 1; i > 0; i--) {
    const j = drawBelow(random, i + 1);
    const [a, b] = [list[i], list[j]];
    if (a !== undefined && b !== undefined) [list[i], list[j]] = [b, a];
  }
  return list;
}

/** Every digit for every honest operator; one for every cheat, or one for each deviation. */
function questionsFor(
  { honest, cheats }: Population,
  digits: readonly Digit[],
  options: SimulationOptions,
): Question[] {
  const random = randomFor(options.seed, "questions");
  const any = (): Digit | undefined => digits[drawBelow(random, digits.length)];
  const asked = honest.flatMap((member) => digits.map((digit) => ({ member, digit })));
  const baited = cheats.flatMap((member) => {
    const times = member.fraud === "deviating" ? options.factors.length : 1;
    return Array.from({ length: times }, () => ({ member, digit: any() }));
  });
  const all = [...asked, ...baited].flatMap(({ member, digit }) => (digit === undefined ? [] : [{ member, digit }]));
  return shuffled(all, random);
}

/** What the simulation's consumer does by hand. */
function createConsumer(world: World, modelId: string) {
  const { suite } = world;
  const actor = () => world.actors.get(CONSUMER);
  const sender = async () => world.sender(await actor());
  return {
    ask: async ({ member, digit }: Question): Promise<string> => {
      const { address } = member.operator.owner;
      const request = { modelId, operator: address, inputs: [digit.image], lock: TERMS.lock, within: TERMS.duration };
      return (await requestJob({ suite, sender: await sender(), signer: world.signer(await actor()) }, request)).jobId;
    },
    /** Takes the fee back for jobs that nobody answered in time. */
    expireOverdue: async (): Promise<void> => {
      const now = (await world.provider.getBlock("latest"))?.timestamp ?? 0;
      for (const { terms, status, deadline } of await world.ledger.jobs()) {
        if (status !== ClaimStatus.Assigned || now <= deadline) continue;
        await tolerantSend(await sender(), await suite.jobs.expire.populateTransaction(terms), ["WrongStatus"]);
      }
    },
  };
}

/** Kills a worker at random moments while it has work, and starts it again each time. */
async function killRepeatedly(member: Member, seed: number): Promise<void> {
  const random = randomFor(seed, "kills");
  for (let i = 0; i < KILLS; i++) {
    await new Promise((resolve) => setTimeout(resolve, random() * KILL_MS));
    await member.process?.stop("SIGKILL");
    member.process?.restart();
  }
}

async function accuseFalsely(world: World, jobIds: readonly string[], options: SimulationOptions): Promise<void> {
  const random = randomFor(options.seed, "victims");
  const victims = shuffled(jobIds, random);
  for (const [i, lie] of options.lies.entries()) {
    const victim = victims[i % victims.length];
    if (victim === undefined) continue;
    const actor = await world.actors.get(`liar-${lie}`);
    world.startRole({ name: `challenger ${lie}`, actor, args: liarArgs(lie, victim, options.seed) });
  }
  await world.clock.settle();
}

/** How a world differs whose roles live in a storm. */
function inStorm({ chain, storm }: NonNullable<SimulationRun["storm"]>) {
  const { endpoints } = storm;
  return {
    ...{ chain, endpoints, patienceMs: STORM_PATIENCE_MS, supervise: true },
    disturb: (world: World) => storm.shake(world),
  };
}

async function progress({ ledger, provider, startedAt }: World): Promise<string> {
  const jobs = await ledger.jobs();
  const states: readonly number[] = [ClaimStatus.Drawing, ClaimStatus.Assigned, ClaimStatus.Answered];
  const open = jobs.filter(({ status }) => states.includes(status));
  const now = (await provider.getBlock("latest"))?.timestamp ?? startedAt;
  return `  ${chainTime(now, startedAt)}  ${jobs.length - open.length} of ${jobs.length} jobs have ended`;
}

/** Runs a whole simulation: honest machines that differ in their last bits, faults, frauds and false accusers. */
export async function simulate(run: SimulationRun): Promise<SimulationReport> {
  const { options, sink, narrator, children, home } = run;
  const { bytes, manifest, digits } = readDigitModel(ROOT);
  sink.chapter("Chain, contracts and model");
  const world = await createWorld({
    children,
    home,
    seed: options.seed,
    pollMs: run.storm === undefined ? POLL_MS : STORM_POLL_MS,
    ...(run.storm === undefined ? {} : inStorm(run.storm)),
    onWorld: run.onWorld,
    onStep: (step) => {
      const line = narrator.tell(step);
      if (run.verbose && line !== undefined) sink.line(line);
    },
  });
  const { suite, files } = world;
  const publisher = world.sender(await world.actors.get(PUBLISHER));
  const publication = { bytes, manifest, parent: NO_PARENT, uri: "" };
  const { modelId } = await publishModel({ suite, sender: publisher, files }, publication);

  sink.chapter(`${options.workers} honest workers, ${options.frauds.length} cheats and a watcher, each a process`);
  const feeToken = await openCurrency(world, options.uses, CONSUMER);
  const population = await populate(world, { modelId, feeToken: feeToken?.address }, options);
  run.storm?.storm.begin(world);
  const { uses } = options;
  const market = await openMarket(world, { population, uses, feeToken, modelId, home, consumer: CONSUMER });
  const consumer = createConsumer(world, modelId);
  const audits = uses.includes("audits") ? await openAudits(world, modelId, options.seed) : undefined;

  if (options.draws > 0) {
    sink.chapter(`${options.draws} questions to whoever is drawn`);
    if (population.absent !== undefined) sink.text([`  ${population.absent.operator.name}: ${FAULTS.absent}`]);
    const random = randomFor(options.seed, "drawn");
    const asked = Array.from({ length: options.draws }, () => digits[drawBelow(random, digits.length)]);
    await runDraws({
      ...{ world, modelId, population },
      consumer: world.sender(await world.actors.get(CONSUMER)),
      digits: asked.flatMap((digit) => digit ?? []),
    });
  } else if (audits !== undefined) {
    await nextEpoch(world);
  }
  await audits?.pass();

  const questions = questionsFor(population, digits, options);
  sink.chapter(`${questions.length} questions`);
  const unlucky = options.faults.includes("killed") ? population.honest[0] : undefined;
  if (unlucky !== undefined) sink.text([`  ${unlucky.operator.name}: ${FAULTS.killed}`]);
  const killing = unlucky && killRepeatedly(unlucky, options.seed);
  const asked: { question: Question; jobId: string }[] = [];
  for (const question of questions) asked.push({ question, jobId: await consumer.ask(question) });
  await killing;
  await world.clock.settle();
  await audits?.pass();

  const [firstDigit] = digits;
  const { late } = population;
  if (late !== undefined && firstDigit !== undefined) {
    sink.text([`  ${late.operator.name}: ${FAULTS.late}`]);
    await consumer.ask({ member: late, digit: firstDigit });
    await world.clock.advance();
    await consumer.expireOverdue();
    late.start();
    await consumer.ask({ member: late, digit: firstDigit });
    await world.clock.settle();
  }

  const honestJobs = asked.flatMap(({ question, jobId }) => (question.member.fraud === undefined ? [jobId] : []));
  if (options.lies.length > 0) {
    sink.chapter(`${options.lies.length} false accusers`);
    await accuseFalsely(world, honestJobs, options);
  }

  if (population.sellers.length > 0) {
    sink.chapter("Answers by receipt");
    const sell = (): Promise<void> => market.sell(digits);
    // A server that was killed listens elsewhere when it is back, which no buyer knows.
    await (run.storm === undefined ? sell() : run.storm.storm.calm(sell));
  }

  sink.chapter("Time passes");
  for (let more = true; more; more = await world.clock.advance()) {
    await consumer.expireOverdue();
    await audits?.comeBack();
    sink.text([await progress(world)]);
  }

  await market.settle();

  const evidencer = createEvidencer(createCatalogue(suite, files), createInlineSink());
  const outcomes = await readOutcomes(world, evidencer, market.bought());
  return report({
    world,
    population,
    options,
    outcomes,
    audits: await readAudits(world, outcomes),
    draws: await readDraws(suite),
    books: await market.books(),
    bits: await compareBits(suite, evidencer, honestJobs),
    gas: narrator.gas(),
    seconds: run.elapsed(),
  });
}
