import { toQuantity, ZeroAddress } from "ethers";

import type { Tensor } from "../../audit/graph.js";
import type { Sender } from "../../chain/sender.js";
import { requestJob } from "../../client/request.js";
import type { Actor } from "./actors.js";
import { TERMS } from "./operators.js";
import type { World } from "./world.js";

/** What operators set aside for draws: enough for several jobs at a time. */
const SET_ASIDE = 6n * TERMS.lock;

/** Sets stake aside and enlists for a model. Both count from the next epoch on. */
export async function enlist({ suite, sender }: World, owner: Actor, modelId: string): Promise<void> {
  const asOwner = sender(owner);
  const terms = {
    currency: ZeroAddress,
    price: TERMS.price,
    maxLock: TERMS.lock,
    minDuration: TERMS.duration,
    concurrency: 64,
  };
  await asOwner.send(await suite.staking.setDrawStake.populateTransaction(SET_ASIDE));
  await asOwner.send(await suite.offers.enlist.populateTransaction(modelId, terms));
}

/** Waits until nobody has anything to do, then moves the chain's time to the next epoch. Nothing may be due before it. */
export async function nextEpoch({ suite, provider, clock }: World): Promise<void> {
  await clock.settle();
  const [epoch, now] = [Number(await suite.hub.EPOCH()), await provider.getBlock("latest")];
  const next = (Math.floor((now?.timestamp ?? 0) / epoch) + 1) * epoch;
  await provider.send("evm_setNextBlockTimestamp", [next]);
  await provider.send("evm_mine", []);
  await clock.settle();
}

/** Asks whoever will be drawn; resolves with the job's id. */
export async function askAnybody(
  { suite }: World,
  sender: Sender,
  { modelId, image }: { readonly modelId: string; readonly image: Tensor },
): Promise<string> {
  const request = { modelId, inputs: [image], lock: TERMS.lock, within: TERMS.duration, pay: TERMS.price };
  return (await requestJob({ suite, sender }, request)).jobId;
}

/** Lets blocks pass until every one of these jobs can be drawn by anybody. */
export async function passSeeds({ suite, provider }: World, jobIds: readonly string[]): Promise<void> {
  const draws = await Promise.all(jobIds.map((jobId) => suite.offers.drawOf(suite.deployment.jobs, jobId)));
  const last = Math.max(...draws.map(({ seedBlock }) => Number(seedBlock)));
  const missing = last + 1 - (await provider.getBlockNumber());
  if (missing > 0) await provider.send("hardhat_mine", [toQuantity(missing)]);
}
