import { expect } from "chai";
import { hexlify, keccak256, ZeroAddress } from "ethers";

import {
  declineJob,
  expireJob,
  INPUT_DTYPES,
  INPUTS,
  type JobSetup,
  openElement,
  requestJob,
  submitJob,
} from "../../support/jobs.js";
import { connect, type Connection, deployWithOperator, OFFER, TOKEN } from "../../support/protocol.js";

/** A copy of the inputs with the bits of one float changed. */
function withFloat(element: number, bits: number): Uint8Array[] {
  const floats = INPUTS[0].slice();
  new DataView(floats.buffer).setUint32(4 * element, bits);
  return [floats, INPUTS[1]];
}

describe("JobEscrow.decline", () => {
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

  const open = (inputs: readonly Uint8Array[], tensor: number, element: number) =>
    openElement(inputs, INPUT_DTYPES, tensor, element);

  it("refunds a request whose input leaves the domain, without a penalty", async () => {
    const { jobs, offers, staking, modelId } = setup;
    const inputs = withFloat(99, 0x3f800001);
    const jobId = await requestJob(chain, setup, { inputs });
    await expect(declineJob(jobs.connect(chain.worker), jobId, open(inputs, 0, 99)))
      .to.emit(jobs, "JobDeclined")
      .withArgs(jobId, chain.owner.address, OFFER.price, 0, 99);
    expect(await jobs.creditOf(ZeroAddress, chain.consumer)).to.equal(OFFER.price);
    expect(await staking.freeStake(chain.owner)).to.equal(await staking.stakeOf(chain.owner));
    expect((await offers.offerOf(chain.owner, modelId)).waiting).to.equal(0);
    expect((await jobs.job(jobId)).status).to.equal(3);
  });

  it("takes the owner's word too, and nobody else's", async () => {
    const { jobs } = setup;
    const inputs = withFloat(0, 0x40000000);
    const jobId = await requestJob(chain, setup, { inputs });
    for (const caller of [chain.consumer, chain.stranger]) {
      await expect(declineJob(jobs.connect(caller), jobId, open(inputs, 0, 0)))
        .to.be.revertedWithCustomError(jobs, "NotOperator")
        .withArgs(caller.address, chain.owner.address);
    }
    await declineJob(jobs.connect(chain.owner), jobId, open(inputs, 0, 0));
  });

  it("knows the edges of a float domain", async () => {
    const { jobs, verifier } = setup;
    // -1..1: both ends, both zeros and subnormals are inside; the next numbers, infinities and every NaN are not.
    for (const bits of [0x3f800000, 0xbf800000, 0, 0x80000000, 1, 0x80000001]) {
      const inputs = withFloat(70, bits);
      const jobId = await requestJob(chain, setup, { inputs });
      await expect(declineJob(jobs.connect(chain.worker), jobId, open(inputs, 0, 70)))
        .to.be.revertedWithCustomError(verifier, "InsideDomain")
        .withArgs(0, 70, BigInt(bits));
      await submitJob(jobs.connect(chain.worker), jobId);
    }
    for (const bits of [0x3f800001, 0xbf800001, 0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001, 0xffffffff]) {
      const inputs = withFloat(70, bits);
      const jobId = await requestJob(chain, setup, { inputs });
      await declineJob(jobs.connect(chain.worker), jobId, open(inputs, 0, 70));
    }
  });

  it("is possible as long as nobody has expired the job", async () => {
    const { jobs, staking } = setup;
    const inputs = withFloat(1, 0x7fc00000);
    for (const offset of [-1, 0, 1, 3600]) {
      const jobId = await requestJob(chain, setup, { inputs });
      const { deadline } = await jobs.job(jobId);
      await chain.networkHelpers.time.setNextBlockTimestamp(Number(deadline) + offset);
      await declineJob(jobs.connect(chain.worker), jobId, open(inputs, 0, 1));
    }
    expect(await staking.stakeOf(chain.owner)).to.equal(1000n * TOKEN);
    const jobId = await requestJob(chain, setup, { inputs });
    await chain.networkHelpers.time.increase(3 * 3600);
    await expireJob(jobs, jobId);
    await expect(declineJob(jobs.connect(chain.worker), jobId, open(inputs, 0, 1)))
      .to.be.revertedWithCustomError(jobs, "WrongStatus")
      .withArgs(jobId, 3, 1);
  });

  it("is for jobs that wait for their answer", async () => {
    const { jobs } = setup;
    const inputs = withFloat(1, 0x7fc00000);
    const jobId = await requestJob(chain, setup, { inputs });
    await declineJob(jobs.connect(chain.worker), jobId, open(inputs, 0, 1));
    await expect(declineJob(jobs.connect(chain.worker), jobId, open(inputs, 0, 1))).to.be.revertedWithCustomError(
      jobs,
      "WrongStatus",
    );
  });

  it("refuses openings that are not of this job's inputs", async () => {
    const { jobs, registry, verifier } = setup;
    const inputs = withFloat(99, 0x7fc00000);
    const jobId = await requestJob(chain, setup);
    const worker = jobs.connect(chain.worker);
    // Another job's inputs.
    await expect(declineJob(worker, jobId, open(inputs, 0, 99))).to.be.revertedWithCustomError(
      verifier,
      "ListHashMismatch",
    );
    const honest = open(INPUTS, 0, 99);
    await expect(declineJob(worker, jobId, { ...honest, tensor: 2 }))
      .to.be.revertedWithCustomError(registry, "NoSuchTensor")
      .withArgs(false, 2, 2);
    await expect(declineJob(worker, jobId, { ...honest, element: 100 }))
      .to.be.revertedWithCustomError(verifier, "ElementOutOfRange")
      .withArgs(100, 100);
    // The first leaf in place of the second.
    await expect(declineJob(worker, jobId, { ...open(INPUTS, 0, 0), element: 99 })).to.be.revertedWithCustomError(
      verifier,
      "TensorRootMismatch",
    );
    await expect(
      declineJob(worker, jobId, { ...honest, leaf: open(inputs, 0, 99).leaf }),
    ).to.be.revertedWithCustomError(verifier, "TensorRootMismatch");
    await expect(
      declineJob(worker, jobId, { ...honest, leaf: `${hexlify(honest.leaf)}00` }),
    ).to.be.revertedWithCustomError(verifier, "LeavesLength");
    for (const proof of [[], [...honest.proof, keccak256("0x")]]) {
      await expect(declineJob(worker, jobId, { ...honest, proof })).to.be.revertedWithCustomError(
        verifier,
        "ProofLength",
      );
    }
  });
});
