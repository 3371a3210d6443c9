/**
 * Stakes tokens as an operator, and names the worker key where WORKER is given.
 *
 *   STAKE=1000 WORKER=0x... npx hardhat run scripts/stake.ts --network localhost
 *
 * The operator is the network's first account. On testnets the test token's faucet fills a missing balance.
 */
import { formatEther, getAddress, parseEther } from "ethers";

import { depositStake } from "../src/operator/stake.js";
import { connectHardhat, setting } from "./support/suite.js";

const { suite, sender } = await connectHardhat();
const amount = parseEther(setting("STAKE", "1000"));

if ((await suite.token.balanceOf(sender.address)) < amount) {
  await sender.send(await suite.token.drip.populateTransaction());
}
const receipt = await depositStake(suite, sender, { amount });

const worker = process.env["WORKER"];
if (worker !== undefined) {
  await sender.send(await suite.profiles.proposeWorker.populateTransaction(getAddress(worker)));
}
const { active } = await suite.staking.ownPool(sender.address);
console.log(
  JSON.stringify(
    { operator: sender.address, stake: formatEther(active), worker, gas: String(receipt.gasUsed) },
    null,
    2,
  ),
);
