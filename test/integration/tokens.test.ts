import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { tensorFromBytes } from "../../src/audit/bytes.js";
import { createSender } from "../../src/chain/sender.js";
import type { Suite } from "../../src/chain/suite.js";
import { requestJob } from "../../src/client/request.js";
import { INPUTS } from "../support/jobs.js";
import { connect, type Connection, deployWithOperator, HOUR, OFFER, PARAMS, TOKEN } from "../support/protocol.js";
import { suiteOf } from "../support/suite.js";

const FEE = 5n * TOKEN;

describe("requests whose fee is in tokens", () => {
  let chain: Connection;
  let setup: Awaited<ReturnType<typeof deployWithOperator>>;
  let suite: Suite;

  before(async () => {
    chain = await connect();
    setup = await deployWithOperator(chain);
    suite = await suiteOf(chain, setup);
  });

  async function ask(currency: string, withKey: boolean) {
    const { offers, modelId } = setup;
    await offers.connect(chain.owner).setOffer(modelId, { ...OFFER, currency, price: FEE, concurrency: 9 });
    const { provider } = chain.ethers;
    const sender = createSender({ provider, signer: chain.consumer, errors: suite.abi });
    const before = await provider.getTransactionCount(chain.consumer);
    const { receipt } = await requestJob(
      { suite, sender, ...(withKey ? { signer: chain.consumer } : {}) },
      {
        modelId,
        operator: chain.owner.address,
        inputs: [tensorFromBytes(INPUTS[0], "f32", [INPUTS[0].length / 4]), tensorFromBytes(INPUTS[1], "bool", [3])],
        lock: PARAMS.lockFloor,
        within: 2 * HOUR,
      },
    );
    const call = suite.jobs.interface.parseTransaction({
      data: (await provider.getTransaction(receipt.hash))?.data ?? "0x",
    });
    return { call: call?.name, transactions: (await provider.getTransactionCount(chain.consumer)) - before };
  }

  it("take one transaction where the token knows permits, and two without the key or the permit", async () => {
    const { hub, token } = setup;
    await hub.addCurrency(token);
    await token.connect(chain.deployer).transfer(chain.consumer, 100n * TOKEN);
    const currency = await token.getAddress();
    expect(await ask(currency, true)).to.deep.equal({ call: "requestWithPermit", transactions: 1 });
    expect(await ask(currency, false)).to.deep.equal({ call: "request", transactions: 2 });
    expect(await token.balanceOf(setup.jobs)).to.equal(2n * FEE);

    const silent = await chain.ethers.deployContract("SilentToken");
    await hub.addCurrency(silent);
    await silent.mint(chain.consumer, 100n * TOKEN);
    expect(await ask(await silent.getAddress(), true)).to.deep.equal({ call: "request", transactions: 2 });
    expect(await ask(ZeroAddress, true).then(({ transactions }) => transactions)).to.equal(1);
  });
});
