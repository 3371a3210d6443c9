import { depositStake } from "../../operator/stake.js";
import type { Actor } from "../driver/actors.js";
import type { Operator } from "../driver/operators.js";
import type { World } from "../driver/world.js";

/** One account that backs one operator. */
export interface Delegator {
  readonly actor: Actor;
  readonly operator: Operator;
}

/** Draws tokens from the faucet and backs an operator with some. */
export async function delegate(
  world: World,
  { name, operator, amount }: { readonly name: string; readonly operator: Operator; readonly amount: bigint },
): Promise<Delegator> {
  const { suite } = world;
  const actor = await world.actors.get(name);
  const sender = world.sender(actor);
  await sender.send(await suite.token.drip.populateTransaction());
  await depositStake(suite, sender, { amount, operator: operator.owner.address });
  return { actor, operator };
}

/** Takes what a delegation has earned, in every currency. */
export async function collectEarnings(world: World, { actor, operator }: Delegator): Promise<void> {
  const { staking, fees, hub } = world.suite;
  const sender = world.sender(actor);
  const owner = operator.owner.address;
  const { generation } = await staking.delegatedPool(owner);
  for (const currency of await hub.currencies()) {
    if ((await fees.earned(owner, generation, currency, actor.address)) === 0n) continue;
    await sender.send(await fees.collect.populateTransaction(owner, generation, currency, actor.address));
  }
}
