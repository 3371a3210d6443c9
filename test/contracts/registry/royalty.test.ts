import { expect } from "chai";

import { FORMAT } from "../../../src/audit/content.js";
import { answeredJob, finaliseJob, requestArgs, requestJob, termsOf } from "../../support/jobs.js";
import { modelContent, modelIdOf, provenance } from "../../support/models.js";
import { connect, type Connection, DAY, deployWithOperator, OFFER, PARAMS } from "../../support/protocol.js";

const MAX_ROYALTY = 3_000;

describe("ModelRegistry royalties and formats", () => {
  let chain: Connection;
  let setup: Awaited<ReturnType<typeof fixture>>;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    setup = await chain.networkHelpers.loadFixture(fixture);
  });

  async function fixture() {
    return deployWithOperator(chain);
  }

  const announce = (royalty: number) => setup.registry.connect(chain.publisher).announceRoyalty(setup.modelId, royalty);
  const royaltyNow = async () => (await setup.registry.claimTerms(setup.modelId)).royalty;

  it("is at most 30%, at registration and later", async () => {
    const { registry, modelId } = setup;
    const register = (royalty: number) =>
      registry.connect(chain.stranger).register(modelContent(), provenance(), royalty, { value: PARAMS.deposit });
    await expect(register(MAX_ROYALTY + 1))
      .to.be.revertedWithCustomError(registry, "RoyaltyTooHigh")
      .withArgs(MAX_ROYALTY + 1, MAX_ROYALTY);
    await register(MAX_ROYALTY);
    const model = await registry.model(modelIdOf(modelContent(), chain.stranger.address));
    expect([model.royalty, model.nextRoyalty, model.royaltyChangeAt]).to.deep.equal([BigInt(MAX_ROYALTY), 3000n, 0n]);
    await expect(announce(MAX_ROYALTY + 1)).to.be.revertedWithCustomError(registry, "RoyaltyTooHigh");
    await announce(MAX_ROYALTY);
    expect((await registry.model(modelId)).nextRoyalty).to.equal(MAX_ROYALTY);
  });

  it("changes for requests after the delay, by the second", async () => {
    const { jobs, registry, modelId } = setup;
    const { time } = chain.networkHelpers;
    await announce(1_000);
    const effectiveAt = (await time.latest()) + PARAMS.royaltyDelay;
    const [event] = await registry.queryFilter(registry.filters.RoyaltyAnnounced(modelId));
    expect([...event!.args].slice(1)).to.deep.equal([chain.publisher.address, 0n, 1_000n, BigInt(effectiveAt)]);
    for (const [offset, royalty] of [
      [-1, 0n],
      [0, 1_000n],
      [1, 1_000n],
    ] as const) {
      await time.setNextBlockTimestamp(effectiveAt + offset);
      await jobs.connect(chain.consumer).request(...requestArgs(chain, setup), { value: OFFER.price });
      const requested = await jobs.queryFilter(jobs.filters.JobRequested());
      expect(requested.at(-1)!.args.terms.royalty).to.equal(royalty);
    }
    expect(await royaltyNow()).to.equal(1_000n);
  });

  it("a later announcement replaces one that does not count yet, and starts anew", async () => {
    const { time } = chain.networkHelpers;
    await announce(1_000);
    await time.increase(PARAMS.royaltyDelay - 100);
    await announce(2_000);
    await time.increase(200);
    expect(await royaltyNow()).to.equal(0n);
    await time.increase(PARAMS.royaltyDelay);
    expect(await royaltyNow()).to.equal(2_000n);
    // One that counts already is where the next one starts from.
    await announce(500);
    expect(await royaltyNow()).to.equal(2_000n);
    await time.increase(PARAMS.royaltyDelay);
    expect(await royaltyNow()).to.equal(500n);
  });

  it("108: no job pays a royalty that was not in force when it was requested", async () => {
    const { jobs } = setup;
    const jobId = await answeredJob(chain, setup);
    await announce(MAX_ROYALTY);
    await chain.networkHelpers.time.increase(PARAMS.royaltyDelay + DAY);
    await finaliseJob(jobs, jobId);
    expect(await jobs.creditOf(OFFER.currency, chain.publisher)).to.equal(0);
    const later = await answeredJob(chain, setup);
    await chain.networkHelpers.time.increase(PARAMS.challengeWindow + 1);
    await expect(finaliseJob(jobs, later))
      .to.emit(jobs, "JobFinalised")
      .withArgs(
        later,
        chain.owner.address,
        chain.owner.address,
        OFFER.price,
        0,
        (OFFER.price * 3n) / 10n,
        OFFER.price / 20n,
      );
    expect(await jobs.creditOf(OFFER.currency, chain.publisher)).to.equal((OFFER.price * 3n) / 10n);
  });

  it("is the publisher's to announce", async () => {
    const { registry, modelId } = setup;
    await expect(registry.connect(chain.stranger).announceRoyalty(modelId, 1))
      .to.be.revertedWithCustomError(registry, "NotPublisher")
      .withArgs(chain.stranger.address, chain.publisher.address);
  });

  it("bounds the delay: a day to 90", async () => {
    const { hub, manager, registry } = setup;
    const deploy = (royaltyDelay: number) =>
      chain.ethers.deployContract("ModelRegistry", [hub, [manager], { deposit: 0, depositDelay: 0, royaltyDelay }]);
    for (const royaltyDelay of [DAY - 1, 90 * DAY + 1]) {
      await expect(deploy(royaltyDelay)).to.be.revertedWithCustomError(registry, "ParameterOutOfBounds");
    }
    for (const royaltyDelay of [DAY, 90 * DAY]) await deploy(royaltyDelay);
  });

  it("a retired format takes no models and no claims; claims and disputes that run go on", async () => {
    const { jobs, manager, registry, modelId } = setup;
    const running = await requestJob(chain, setup);
    const answered = await answeredJob(chain, setup);
    await expect(registry.connect(chain.stranger).retireFormat(FORMAT))
      .to.be.revertedWithCustomError(registry, "AccessManagedUnauthorized")
      .withArgs(chain.stranger.address);
    await expect(registry.retireFormat(2)).to.be.revertedWithCustomError(registry, "UnsupportedFormat").withArgs(2);
    await expect(registry.retireFormat(FORMAT)).to.emit(registry, "FormatRetired").withArgs(FORMAT);
    await expect(registry.retireFormat(FORMAT))
      .to.be.revertedWithCustomError(registry, "FormatIsRetired")
      .withArgs(FORMAT);
    expect([await registry.isRetired(FORMAT), await registry.acceptsClaims(modelId)]).to.deep.equal([true, false]);
    await expect(requestJob(chain, setup)).to.be.revertedWithCustomError(jobs, "ModelClosed").withArgs(modelId);
    await expect(
      registry.connect(chain.stranger).register(modelContent(), provenance(), 0, { value: PARAMS.deposit }),
    ).to.be.revertedWithCustomError(registry, "FormatIsRetired");

    expect((await registry.facts(modelId)).arbiter).to.equal(await manager.getAddress());
    await jobs.connect(chain.worker).submit(await termsOf(jobs, running), [new Uint8Array(16)]);
    await manager.open(jobs, answered);
    await manager.wrong(jobs, answered, [chain.challenger]);
    expect((await jobs.claim(answered)).status).to.equal(5);
  });
});
