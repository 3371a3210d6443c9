import { expect } from "chai";
import { ZeroHash } from "ethers";

import type { OfferStruct } from "../../../typechain-types/jobs/JobEscrow.js";
import { type JobSetup, requestJob } from "../../support/jobs.js";
import { connect, type Connection, deployWithOperator, HOUR, OFFER, PARAMS } from "../../support/protocol.js";

describe("JobEscrow.setOffer", () => {
  let chain: Connection;
  let setup: JobSetup;

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    setup = await chain.networkHelpers.loadFixture(fixture);
  });

  async function fixture() {
    return deployWithOperator(chain);
  }

  const setOffer = (change: Partial<OfferStruct>, modelId = setup.modelId) =>
    setup.jobs.connect(chain.owner).setOffer(modelId, { ...OFFER, ...change });

  it("stores and announces the terms", async () => {
    const { jobs, modelId } = setup;
    const terms = { price: 7n, maxLock: 20n * 10n ** 18n, minDuration: 60, concurrency: 9, open: true };
    await expect(setOffer(terms))
      .to.emit(jobs, "OfferChanged")
      .withArgs(chain.owner.address, modelId, 7n, 20n * 10n ** 18n, 60, 9, true);
    const [offer, waiting] = await jobs.offerOf(chain.owner, modelId);
    expect(offer).to.deep.equal([7n, 20n * 10n ** 18n, 60n, 9n, true]);
    expect(waiting).to.equal(0);
  });

  it("is each caller's own", async () => {
    const { jobs, modelId } = setup;
    await jobs.connect(chain.worker).setOffer(modelId, { ...OFFER, price: 1n });
    const [offer] = await jobs.offerOf(chain.owner, modelId);
    expect(offer.price).to.equal(OFFER.price);
  });

  it("keeps the count of waiting jobs", async () => {
    await requestJob(chain, setup);
    await setOffer({ concurrency: 1 });
    const [, waiting] = await setup.jobs.offerOf(chain.owner, setup.modelId);
    expect(waiting).to.equal(1);
  });

  it("refuses open terms that no request could meet", async () => {
    const { jobs, registry, modelId } = setup;
    await expect(setOffer({ concurrency: 0 })).to.be.revertedWithCustomError(jobs, "OfferBusy");
    await expect(setOffer({ maxLock: PARAMS.lockFloor - 1n })).to.be.revertedWithCustomError(jobs, "LockOutOfRange");
    await setOffer({ maxLock: PARAMS.lockFloor });
    await expect(setOffer({ minDuration: PARAMS.maxDuration + 1 })).to.be.revertedWithCustomError(
      jobs,
      "DurationOutOfRange",
    );
    await setOffer({ minDuration: PARAMS.maxDuration });
    await expect(setOffer({}, ZeroHash)).to.be.revertedWithCustomError(jobs, "ModelClosed").withArgs(ZeroHash);
    await registry.connect(chain.publisher).deprecate(modelId);
    await expect(setOffer({})).to.be.revertedWithCustomError(jobs, "ModelClosed").withArgs(modelId);
  });

  it("can always be closed", async () => {
    const { jobs, registry, modelId } = setup;
    await registry.connect(chain.publisher).deprecate(modelId);
    await setOffer({ open: false, price: 0n, maxLock: 0n, minDuration: 0, concurrency: 0 });
    const [offer] = await jobs.offerOf(chain.owner, modelId);
    expect(offer.open).to.equal(false);
  });

  it("is free to have no minimum duration", async () => {
    await setOffer({ minDuration: 0 });
    await requestJob(chain, setup, { duration: HOUR - 1 });
  });
});
