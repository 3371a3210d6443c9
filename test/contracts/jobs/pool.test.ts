import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { deployWorld, sendAs } from "../../matrices/world.js";
import { connect } from "../../support/protocol.js";

describe("JobEscrow's audit pool", () => {
  it("is refused by name while it is empty", async () => {
    const world = await deployWorld(await connect());
    const { jobs, addresses } = world;
    const collect = jobs.interface.encodeFunctionData("collectAuditPool", [ZeroAddress]);
    await expect(sendAs(world, addresses.AuditLottery, await jobs.getAddress(), collect))
      .to.be.revertedWithCustomError(jobs, "NothingToWithdraw")
      .withArgs(addresses.AuditLottery, ZeroAddress);
  });
});
