import { ZeroAddress } from "ethers";

import { depositStake } from "../../operator/stake.js";
import type { Actor } from "./actors.js";
import type { World } from "./world.js";

const TOKEN = 10n ** 18n;

/** What operators of a simulation stake and ask. */
export const TERMS = {
  stake: 1_000n * TOKEN,
  /** Stake behind one job. */
  lock: 100n * TOKEN,
  price: TOKEN / 1_000n,
  /** Gas of an answer with ten scores, rounded up. */
  answerGas: 120_000,
  /** Seconds to answer. */
  duration: 3_600,
} as const;

export interface Operator {
  readonly name: string;
  /** Cold key: stake and terms. Its address is the operator. */
  readonly owner: Actor;
  /** Hot key of the worker process. */
  readonly worker: Actor;
}

/** An operator's open offer for one model, in native coin unless another currency is named, at the price of all unless at one of its own. */
export async function openOffer(
  world: World,
  owner: Actor,
  modelId: string,
  currency: string = ZeroAddress,
  price: bigint = TERMS.price,
): Promise<void> {
  const offer = {
    currency,
    answerGas: TERMS.answerGas,
    price,
    maxLock: TERMS.lock,
    minDuration: TERMS.duration,
    concurrency: 64,
    open: true,
  };
  await world.sender(owner).send(await world.suite.offers.setOffer.populateTransaction(modelId, offer));
}

/** Tokens from the faucet, stake, worker key and an open offer for one model. */
export async function joinOperator(world: World, name: string, modelId: string, currency?: string): Promise<Operator> {
  const { suite, actors } = world;
  const { token, profiles } = suite;
  const owner = await actors.get(name);
  const worker = await actors.get(`${name}'s worker`);
  const [asOwner, asWorker] = [world.sender(owner), world.sender(worker)];
  await asOwner.send(await token.drip.populateTransaction());
  await depositStake(suite, asOwner, { amount: TERMS.stake });
  await asOwner.send(await profiles.proposeWorker.populateTransaction(worker.address));
  await asWorker.send(await profiles.acceptWorker.populateTransaction(owner.address));
  await openOffer(world, owner, modelId, currency);
  return { name, owner, worker };
}
