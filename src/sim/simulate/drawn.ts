import type { Digit } from "../digits.js";
import { askAnybody, askInVain, enlist, nextEpoch, passSeeds, redraw, type Asker } from "../driver/draws.js";
import type { DrawReport } from "../report/draws.js";
import type { Population } from "./population.js";

export interface DrawnRun extends Asker {
  readonly population: Population;
  /** One for each job. */
  readonly digits: readonly Digit[];
}

/**
 * Honest operators enlist, and jobs that name nobody are drawn. One operator is enlisted an epoch before the others, so that
 * it is drawn for certain, and not there: the consumer has another one drawn. Runs before anything else is due, because it
 * passes days.
 */
export async function runDraws(run: DrawnRun): Promise<void> {
  const { world, population, modelId, digits } = run;
  const { honest, absent } = population;
  const jobIds: string[] = [];
  if (absent !== undefined) {
    await enlist(world, absent.operator.owner, modelId);
    await nextEpoch(world);
  }
  for (const { operator } of honest) await enlist(world, operator.owner, modelId);
  const [first, ...others] = digits;
  if (absent !== undefined && first !== undefined) {
    jobIds.push(await askInVain(run, first.image));
    absent.start();
  }
  await nextEpoch(world);
  for (const jobId of jobIds) await redraw(run, jobId);
  for (const { image } of absent === undefined ? digits : others) jobIds.push(await askAnybody(run, image));
  await passSeeds(world, jobIds);
  await world.clock.settle();
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
