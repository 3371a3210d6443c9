import { expect } from "chai";
import { network } from "hardhat";

import Touchstone from "../../deploy/modules/Touchstone.js";
import { createSender } from "../../src/chain/sender.js";
import { connectSuite } from "../../src/chain/suite.js";
import { listExits, readyExits } from "../../src/operator/exits.js";
import { depositStake } from "../../src/operator/stake.js";
import { DAY, TOKEN } from "../support/hub.js";

/** What `touchstone stake` does, on the suite as it is deployed. */
describe("staking and delegating from TypeScript", () => {
  it("deposits, delegates, lists exits and tells which may leave", async () => {
    const connection = await network.create();
    const { ethers, ignition, networkHelpers } = connection;
    const contracts = await ignition.deploy(Touchstone, { parameters: "deploy/parameters/localhost.json" });
    const addresses = Object.fromEntries(
      await Promise.all(Object.entries(contracts).map(async ([name, at]) => [name, await at.getAddress()] as const)),
    ) as Record<keyof typeof contracts, string>;
    const suite = connectSuite(ethers.provider, { chainId: 31_337, block: 0, ...addresses });
    const [operator, delegator] = await ethers.getSigners();
    const as = (signer: typeof operator) =>
      createSender({ provider: ethers.provider, signer: signer!, errors: suite.abi });
    const [asOperator, asDelegator] = [as(operator), as(delegator)];
    for (const sender of [asOperator, asDelegator]) await sender.send(await suite.token.drip.populateTransaction());

    await depositStake(suite, asOperator, { amount: 100n * TOKEN });
    await depositStake(suite, asDelegator, { amount: 50n * TOKEN, operator: operator!.address });
    expect(await suite.staking.activeStake(operator!)).to.deep.equal([100n * TOKEN, 50n * TOKEN]);

    for (const amount of [TOKEN, 2n * TOKEN]) {
      await asDelegator.send(await suite.staking.requestExit.populateTransaction(operator!, amount));
    }
    await asDelegator.send(await suite.staking.cancelExit.populateTransaction(operator!, 0));
    const exits = await listExits(suite, operator!.address, delegator!.address);
    expect(exits.map(({ exitId, amount }) => [exitId, amount])).to.deep.equal([[1, 2n * TOKEN]]);
    expect(await readyExits(suite, operator!.address, delegator!.address)).to.deep.equal([]);
    await networkHelpers.time.increase(21 * DAY);
    expect(await readyExits(suite, operator!.address, delegator!.address)).to.deep.equal([1]);
  });
});
