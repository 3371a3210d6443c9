import type { Sender } from "../chain/sender.js";
import type { Suite } from "../chain/suite.js";

/** Has the sender drawn for audits of a model, with more or less stake set aside for draws first where that is asked for. */
export async function joinAudits(
  suite: Suite,
  sender: Sender,
  { modelId, drawStake }: { readonly modelId: string; readonly drawStake?: bigint | undefined },
): Promise<{ modelId: string; auditor: string; drawStake: bigint; fromEpoch: number }> {
  const { staking, lottery, hub } = suite;
  const auditor = sender.address;
  if (drawStake !== undefined) await sender.send(await staking.setDrawStake.populateTransaction(drawStake));
  await sender.send(await lottery.join.populateTransaction(modelId));
  const fromEpoch = Number(await hub.epoch()) + 1;
  return { modelId, auditor, drawStake: await staking.drawStakeOf(auditor, fromEpoch), fromEpoch };
}

/** Has the sender drawn no more. */
export async function quitAudits(
  suite: Suite,
  sender: Sender,
  modelId: string,
): Promise<{ modelId: string; auditor: string; fromEpoch: number }> {
  await sender.send(await suite.lottery.quit.populateTransaction(modelId));
  return { modelId, auditor: sender.address, fromEpoch: Number(await suite.hub.epoch()) + 1 };
}

export interface Standing {
  readonly modelId: string;
  readonly auditor: string;
  /** Part of the weight of all auditors of the model in this epoch, 0 to 1. */
  readonly share: number;
  readonly freeDrawStake: bigint;
  /** What one audit locks. */
  readonly auditStake: bigint;
  readonly earned: bigint;
  readonly strikes: number;
  readonly jailed: boolean;
}

/** How an auditor stands. */
export async function standingOf(
  { staking, lottery, hub }: Suite,
  { modelId, auditor, currency }: { readonly modelId: string; readonly auditor: string; readonly currency: string },
): Promise<Standing> {
  const epoch = await hub.epoch();
  const [weight, total, freeDrawStake, { auditStake }, earned, conduct] = await Promise.all([
    lottery.weightOf(modelId, auditor, epoch),
    lottery.totalWeight(modelId, epoch),
    staking.freeDrawStake(auditor),
    hub.lotteryParams(),
    lottery.earned(auditor, currency),
    staking.conductOf(auditor),
  ]);
  const share = total === 0n ? 0 : Number(weight) / Number(total);
  const { strikes, jailed } = conduct;
  return { modelId, auditor, share, freeDrawStake, auditStake, earned, strikes: Number(strikes), jailed };
}
