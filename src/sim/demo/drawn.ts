import type { Digit } from "../digits.js";
import { joinAuditor, passLots } from "../driver/auditors.js";
import { askInVain, enlist, nextEpoch, passSeeds, redraw, type Asker } from "../driver/draws.js";
import { joinOperator, TERMS, type Operator } from "../driver/operators.js";
import { auditorArgs, DEFAULT_RUNTIME, workerArgs } from "../driver/processes.js";
import type { AuditReport } from "../report/audits.js";
import type { DrawReport } from "../report/draws.js";
import { amountOf } from "../report/format.js";
import type { Sink } from "../report/sink.js";
import { ABSENT, AUDITOR } from "./cast.js";

export interface DrawnStage extends Asker {
  readonly sink: Sink;
  readonly operators: readonly Operator[];
  readonly digit: Digit;
}

/** Stake of the auditor: enough for one audit at a time. */
const AUDITOR_STAKE = 100n * 10n ** 18n;

/**
 * An operator is drawn, does not answer and pays for it; another one is drawn, and its answer is audited. Nothing else may be
 * due.
 */
export async function drawnJob(stage: DrawnStage): Promise<void> {
  const { sink, world, operators, modelId, digit } = stage;
  sink.chapter(
    "An operator is drawn by its stake and does not answer: another one is drawn, and an auditor for its answer",
  );
  sink.text([`  ${ABSENT} is enlisted a day before the others, so that it is drawn for certain, and not there`]);
  const absent = await joinOperator(world, ABSENT, modelId);
  await enlist(world, absent.owner, modelId);
  const auditor = await joinAuditor(world, { name: AUDITOR, modelId, stake: AUDITOR_STAKE });
  await nextEpoch(world);
  for (const { owner } of operators) await enlist(world, owner, modelId);
  const jobId = await askInVain(stage, digit.image);
  world.startRole({ name: `worker ${ABSENT}`, actor: absent.worker, args: workerArgs(DEFAULT_RUNTIME) });
  world.startRole({ name: AUDITOR, actor: auditor, args: auditorArgs() });
  await nextEpoch(world);
  await redraw(stage, jobId);
  await passSeeds(world, [jobId]);
  await passLots(world);
}

export function problemsWithDraws({ jobs, final, missed, redrawn, tokensBurnt }: DrawReport): string[] {
  const penalty = amountOf(TERMS.lock / 100n);
  return [
    ...(jobs === 1 && final === 1 ? [] : [`${final} of ${jobs} drawn jobs became final, not 1`]),
    ...(missed === 1 && redrawn === 1 ? [] : [`${missed} deadlines missed and ${redrawn} jobs drawn again, not 1`]),
    ...(tokensBurnt === penalty ? [] : [`a missed deadline cost ${tokensBurnt} tokens, not ${penalty}`]),
  ];
}

export function problemsWithAudits({ jobs, auditors, problems }: AuditReport): string[] {
  const paid = auditors.find(({ auditor }) => auditor === AUDITOR)?.paid ?? 0;
  return [
    ...problems,
    ...(jobs === 1 && paid === 1 ? [] : [`${jobs} answers were audited, and ${AUDITOR} was paid for ${paid}, not 1`]),
  ];
}
