import { toQuantity } from "ethers";

import { joinAudits } from "../../auditor/membership.js";
import { depositStake } from "../../operator/stake.js";
import type { Actor } from "./actors.js";
import type { World } from "./world.js";

/** Blocks after an answer until everybody can see whether it is drawn: the fourth one decides. */
const BLOCKS_TO_LOT = 5;

/** Tokens from the faucet, stake that is all set aside for draws, and a place on the model's list from the next epoch on. */
export async function joinAuditor(
  world: World,
  { name, modelId, stake }: { readonly name: string; readonly modelId: string; readonly stake: bigint },
): Promise<Actor> {
  const { suite } = world;
  const actor = await world.actors.get(name);
  const sender = world.sender(actor);
  await sender.send(await suite.token.drip.populateTransaction());
  await depositStake(suite, sender, { amount: stake });
  await joinAudits(suite, sender, { modelId, drawStake: stake });
  return actor;
}

/** Lets the blocks pass that decide which of the answers so far are audited, and waits until nobody has anything to do. */
export async function passLots({ provider, clock }: World): Promise<void> {
  await clock.settle();
  await provider.send("hardhat_mine", [toQuantity(BLOCKS_TO_LOT)]);
  await clock.settle();
}
