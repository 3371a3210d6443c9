import type { Sender } from "../../chain/sender.js";
import { fetchClaim } from "../../dispute/claims.js";
import { internalError } from "../../errors.js";
import type { Digit } from "../digits.js";
import { askAnybody, enlist, nextEpoch, passSeeds } from "../driver/draws.js";
import type { World } from "../driver/world.js";
import type { DrawOutcomes } from "../report/draws.js";
import { amountOf } from "../report/format.js";
import type { JobOutcome } from "../report/outcomes.js";
import type { Member, Population } from "./population.js";

export interface DrawnRun {
  readonly world: World;
  readonly modelId: string;
  readonly population: Population;
  readonly consumer: Sender;
  /** One for each job. */
  readonly digits: readonly Digit[];
}

/** How draws and deadlines went. Amounts as decimal text. */
export interface DrawReport {
  /** Jobs that named nobody. */
  readonly jobs: number;
  readonly final: number;
  /** Draws that named an operator: one for each job and for each one drawn again. */
  readonly draws: number;
  /** Deadlines missed, by anybody. */
  readonly missed: number;
  /** Of those, jobs for which another operator was drawn. */
  readonly redrawn: number;
  readonly tokensBurnt: string;
}

async function termsOf({ suite }: World, jobId: string) {
  const claim = await fetchClaim(suite, jobId);
  if (claim === undefined) throw internalError("a job that was requested is in the logs");
  return claim.terms;
}

/** The absent operator is enlisted an epoch before the others, so that it is drawn for certain, and comes too late. */
async function missOne(run: DrawnRun, absent: Member, digit: Digit): Promise<string> {
  const { world, consumer, modelId } = run;
  const jobId = await askAnybody(world, consumer, { modelId, image: digit.image });
  await passSeeds(world, [jobId]);
  await consumer.send(await world.suite.jobs.draw.populateTransaction(await termsOf(world, jobId)));
  await world.clock.advance();
  absent.start();
  return jobId;
}

/**
 * Honest operators enlist, and jobs that name nobody are drawn; the consumer of a job that is not answered in time has
 * another operator drawn. Runs before anything else is due, because it passes days.
 */
export async function runDraws(run: DrawnRun): Promise<void> {
  const { world, population, consumer, modelId, digits } = run;
  const { honest, absent } = population;
  const [first, ...others] = digits;
  if (first === undefined) return;
  if (absent !== undefined) {
    await enlist(world, absent.operator.owner, modelId);
    await nextEpoch(world);
  }
  for (const { operator } of honest) await enlist(world, operator.owner, modelId);
  const jobIds: string[] = [];
  if (absent !== undefined) jobIds.push(await missOne(run, absent, first));
  await nextEpoch(world);
  for (const jobId of jobIds) {
    await consumer.send(await world.suite.jobs.redraw.populateTransaction(await termsOf(world, jobId)));
  }
  for (const { image } of absent === undefined ? digits : others) {
    jobIds.push(await askAnybody(world, consumer, { modelId, image }));
  }
  await passSeeds(world, jobIds);
  await world.clock.settle();
}

/** Sums draws and missed deadlines up. */
export function reportDraws(jobs: readonly JobOutcome[], { drawn, missed }: DrawOutcomes): DrawReport {
  const unnamed = jobs.filter(({ named }) => !named);
  return {
    jobs: unnamed.length,
    final: unnamed.filter(({ status }) => status === "Final").length,
    draws: drawn.length,
    missed: missed.length,
    redrawn: missed.filter(({ redrawn }) => redrawn).length,
    tokensBurnt: amountOf(missed.reduce((sum, { penalty }) => sum + penalty, 0n)),
  };
}

/** What is not as it should be: every drawn job ends well, and who misses a deadline loses something. */
export function problemsWithDraws(report: DrawReport, asked: number, absent: boolean): string[] {
  const { jobs, final, draws, redrawn, missed, tokensBurnt } = report;
  const again = absent ? 1 : 0;
  return [
    ...(jobs === asked && final === asked ? [] : [`${final} of ${jobs} drawn jobs became final, not ${asked}`]),
    ...(redrawn === again ? [] : [`${redrawn} jobs were drawn again, not ${again}`]),
    ...(draws === jobs + redrawn ? [] : [`${draws} draws for ${jobs} jobs`]),
    ...(missed > 0 && tokensBurnt === "0" ? ["missed deadlines cost nothing"] : []),
  ];
}

export const renderDraws = (r: DrawReport): string[] =>
  r.jobs === 0 && r.missed === 0
    ? []
    : [
        `  drawn: ${r.jobs} jobs, ${r.final} final; deadlines missed: ${r.missed}, ${r.tokensBurnt} tokens burnt, ${r.redrawn} drawn again`,
      ];
