import { toQuantity, ZeroAddress } from "ethers";

import type { Tensor } from "../../audit/graph.js";
import type { Sender } from "../../chain/sender.js";
import { requestJob } from "../../client/request.js";
import { fetchClaim } from "../../dispute/claims.js";
import { internalError } from "../../errors.js";
import type { Actor } from "./actors.js";
import { TERMS } from "./operators.js";
import type { World } from "./world.js";

/** What operators set aside for draws: enough for several jobs at a time. */
const SET_ASIDE = 6n * TERMS.lock;

/** Sets stake aside and enlists for a model. Both count from the next epoch on. */
export async function enlist(world: World, owner: Actor, modelId: string): Promise<void> {
  const { suite } = world;
  const asOwner = world.sender(owner);
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

/** A consumer and the model that it asks about. */
export interface Asker {
  readonly world: World;
  readonly modelId: string;
  readonly consumer: Sender;
}

/** Asks whoever will be drawn; resolves with the job's id. */
export async function askAnybody({ world, modelId, consumer }: Asker, image: Tensor): Promise<string> {
  const request = { modelId, inputs: [image], lock: TERMS.lock, within: TERMS.duration, pay: TERMS.price };
  return (await requestJob({ suite: world.suite, sender: consumer }, request)).jobId;
}

/** Lets blocks pass until every one of these jobs can be drawn by anybody. */
export async function passSeeds({ suite, provider }: World, jobIds: readonly string[]): Promise<void> {
  const draws = await Promise.all(jobIds.map((jobId) => suite.offers.drawOf(suite.deployment.jobs, jobId)));
  const last = Math.max(...draws.map(({ seedBlock }) => Number(seedBlock)));
  const missing = last + 1 - (await provider.getBlockNumber());
  if (missing > 0) await provider.send("hardhat_mine", [toQuantity(missing)]);
}

async function termsOf({ suite }: World, jobId: string) {
  const claim = await fetchClaim(suite, jobId);
  if (claim === undefined) throw internalError("a job that was requested is in the logs");
  return claim.terms;
}

/** Asks, makes the draw itself because nobody who is enlisted is there, and waits in vain for the answer. */
export async function askInVain(asker: Asker, image: Tensor): Promise<string> {
  const { world, consumer } = asker;
  const jobId = await askAnybody(asker, image);
  await passSeeds(world, [jobId]);
  await consumer.send(await world.suite.jobs.draw.populateTransaction(await termsOf(world, jobId)));
  await world.clock.advance();
  return jobId;
}

/** Has another operator drawn for a job that was not answered in time. */
export async function redraw({ world, consumer }: Asker, jobId: string): Promise<void> {
  await consumer.send(await world.suite.jobs.redraw.populateTransaction(await termsOf(world, jobId)));
}
