import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";

import type { OfferStruct } from "../../../typechain-types/jobs/OfferBook.js";
import { type JobSetup, requestJob } from "../../support/jobs.js";
import { connect, type Connection, deployWithOperator, HOUR, OFFER, PARAMS } from "../../support/protocol.js";

describe("OfferBook.setOffer", () => {
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
    setup.offers.connect(chain.owner).setOffer(modelId, { ...OFFER, ...change });

  it("stores and announces the terms", async () => {
    const { offers, modelId } = setup;
    const terms = { ...OFFER, price: 7n, answerGas: 8, maxLock: 20n * 10n ** 18n, minDuration: 60, concurrency: 9 };
    await expect(setOffer(terms))
      .to.emit(offers, "OfferChanged")
      .withArgs(chain.owner.address, modelId, Object.values(terms));
    const [offer, waiting] = await offers.offerOf(chain.owner, modelId);
    expect(offer).to.deep.equal([ZeroAddress, 7n, 8n, 20n * 10n ** 18n, 60n, 9n, true]);
    expect(waiting).to.equal(0);
  });

  it("is each caller's own", async () => {
    const { offers, modelId } = setup;
    await offers.connect(chain.worker).setOffer(modelId, { ...OFFER, price: 1n });
    const [offer] = await offers.offerOf(chain.owner, modelId);
    expect(offer.price).to.equal(OFFER.price);
  });

  it("keeps the count of waiting jobs", async () => {
    await requestJob(chain, setup);
    await setOffer({ concurrency: 1 });
    const [, waiting] = await setup.offers.offerOf(chain.owner, setup.modelId);
    expect(waiting).to.equal(1);
  });

  it("refuses open terms that no request could meet", async () => {
    const { offers, registry, modelId } = setup;
    await expect(setOffer({ concurrency: 0 })).to.be.revertedWithCustomError(offers, "NoConcurrency");
    await setOffer({ concurrency: 1 });
    await expect(setOffer({ currency: chain.stranger }))
      .to.be.revertedWithCustomError(offers, "CurrencyNotListed")
      .withArgs(chain.stranger.address);
    await expect(setOffer({ maxLock: PARAMS.lockFloor - 1n })).to.be.revertedWithCustomError(offers, "LockOutOfRange");
    await setOffer({ maxLock: PARAMS.lockFloor });
    await expect(setOffer({ minDuration: PARAMS.maxDuration + 1 })).to.be.revertedWithCustomError(
      offers,
      "DurationOutOfRange",
    );
    await setOffer({ minDuration: PARAMS.maxDuration });
    await expect(setOffer({}, ZeroHash)).to.be.revertedWithCustomError(offers, "ModelClosed").withArgs(ZeroHash);
    await registry.connect(chain.publisher).deprecate(modelId);
    await expect(setOffer({})).to.be.revertedWithCustomError(offers, "ModelClosed").withArgs(modelId);
  });

  it("can always be closed", async () => {
    const { offers, registry, modelId } = setup;
    await registry.connect(chain.publisher).deprecate(modelId);
    await setOffer({ open: false, price: 0n, maxLock: 0n, minDuration: 0, concurrency: 0 });
    const [offer] = await offers.offerOf(chain.owner, modelId);
    expect(offer.open).to.equal(false);
  });

  it("is free to have no minimum duration", async () => {
    await setOffer({ minDuration: 0 });
    await requestJob(chain, setup, { duration: HOUR - 1 });
  });
});
