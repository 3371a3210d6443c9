import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";

import { FORMAT } from "../../../src/audit/content.js";

import { modelContent, modelIdOf, provenance } from "../../support/models.js";
import { connect, type Connection, deployProtocol, PARAMS, type Protocol } from "../../support/protocol.js";

describe("ModelRegistry deprecation and deposit", () => {
  let chain: Connection;
  let protocol: Protocol;
  let modelId: string;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    ({ protocol, modelId } = await chain.networkHelpers.loadFixture(fixture));
  });

  async function fixture() {
    const deployed = await deployProtocol(chain);
    const content = modelContent();
    await deployed.registry.connect(chain.publisher).register(content, provenance(), 0, { value: PARAMS.deposit });
    return { protocol: deployed, modelId: modelIdOf(content, chain.publisher.address) };
  }

  const asPublisher = () => protocol.registry.connect(chain.publisher);

  it("stops new claims and nothing else", async () => {
    const { registry } = protocol;
    await expect(asPublisher().deprecate(modelId)).to.emit(registry, "ModelDeprecated");
    const { deprecatedAt } = await registry.model(modelId);
    expect(deprecatedAt).to.equal(await chain.networkHelpers.time.latest());
    expect(await registry.acceptsClaims(modelId)).to.equal(false);
    expect(await registry.exists(modelId)).to.equal(true);
    const [arbiter, facts] = await registry.facts(modelId);
    expect(arbiter).to.equal(await registry.arbiterOf(FORMAT));
    expect(facts.nodeCount).to.equal(5);
  });

  it("is the publisher's to do, once", async () => {
    const { registry } = protocol;
    await expect(registry.connect(chain.stranger).deprecate(modelId))
      .to.be.revertedWithCustomError(registry, "NotPublisher")
      .withArgs(chain.stranger.address, chain.publisher.address);
    await expect(asPublisher().deprecate(ZeroHash))
      .to.be.revertedWithCustomError(registry, "UnknownModel")
      .withArgs(ZeroHash);
    await asPublisher().deprecate(modelId);
    await expect(asPublisher().deprecate(modelId)).to.be.revertedWithCustomError(registry, "AlreadyDeprecated");
  });

  it("frees the deposit when the delay has passed, to the second", async () => {
    const { registry } = protocol;
    const { time } = chain.networkHelpers;
    await expect(asPublisher().withdrawDeposit(modelId, chain.stranger)).to.be.revertedWithCustomError(
      registry,
      "NotDeprecated",
    );
    await asPublisher().deprecate(modelId);
    const freeAt = (await time.latest()) + PARAMS.depositDelay;
    await time.setNextBlockTimestamp(freeAt - 1);
    await expect(asPublisher().withdrawDeposit(modelId, chain.stranger))
      .to.be.revertedWithCustomError(registry, "DepositLocked")
      .withArgs(modelId, freeAt);
    await time.setNextBlockTimestamp(freeAt);
    await expect(asPublisher().withdrawDeposit(modelId, chain.stranger)).to.changeEtherBalances(
      chain.ethers,
      [registry, chain.stranger],
      [-PARAMS.deposit, PARAMS.deposit],
    );
    expect((await registry.model(modelId)).deposit).to.equal(0);
    await expect(asPublisher().withdrawDeposit(modelId, chain.stranger))
      .to.be.revertedWithCustomError(registry, "NoDeposit")
      .withArgs(modelId);
  });

  it("pays the deposit only at the publisher's word, and never to nobody", async () => {
    const { registry } = protocol;
    await asPublisher().deprecate(modelId);
    await chain.networkHelpers.time.increase(PARAMS.depositDelay);
    await expect(registry.connect(chain.stranger).withdrawDeposit(modelId, chain.stranger))
      .to.be.revertedWithCustomError(registry, "NotPublisher")
      .withArgs(chain.stranger.address, chain.publisher.address);
    await expect(asPublisher().withdrawDeposit(modelId, ZeroAddress)).to.be.revertedWithCustomError(
      registry,
      "ZeroAddress",
    );
  });

  it("keeps the deposit where the receiver refuses it, for another try", async () => {
    const { registry } = protocol;
    const account = await chain.ethers.deployContract("ScriptedAccount");
    await account.setRefuses(true);
    await asPublisher().deprecate(modelId);
    await chain.networkHelpers.time.increase(PARAMS.depositDelay);
    await expect(asPublisher().withdrawDeposit(modelId, account))
      .to.be.revertedWithCustomError(registry, "PaymentRefused")
      .withArgs(await account.getAddress(), PARAMS.deposit);
    await asPublisher().withdrawDeposit(modelId, chain.stranger);
  });

  it("names unknown models in every view that needs one", async () => {
    const { registry } = protocol;
    expect(await registry.exists(ZeroHash)).to.equal(false);
    expect(await registry.acceptsClaims(ZeroHash)).to.equal(false);
    const views = [
      () => registry.model(ZeroHash),
      () => registry.facts(ZeroHash),
      () => registry.inputs(ZeroHash),
      () => registry.outputs(ZeroHash),
      () => registry.input(ZeroHash, 0),
      () => registry.output(ZeroHash, 0),
    ];
    for (const view of views) {
      await expect(view()).to.be.revertedWithCustomError(registry, "UnknownModel").withArgs(ZeroHash);
    }
    await expect(registry.input(modelId, 2))
      .to.be.revertedWithCustomError(registry, "NoSuchTensor")
      .withArgs(false, 2, 2);
    await expect(registry.output(modelId, 1))
      .to.be.revertedWithCustomError(registry, "NoSuchTensor")
      .withArgs(true, 1, 1);
  });
});
