import { ZeroAddress } from "ethers";

import type { DrawTermsStruct } from "../../typechain-types/interfaces/IOfferBook.js";
import { EPOCH } from "./hub.js";
import { type JobSetup, type RequestChange, requestJob, termsOf } from "./jobs.js";
import { type Connection, deployWithOperator, HOUR, OFFER, TOKEN } from "./protocol.js";

/** Blocks from a request to the one that decides. */
export const SEED_DELAY = 4;
export const LOCK = 100n * TOKEN;
/** What an operator has set aside for draws. */
export const SET_ASIDE = 600n * TOKEN;

export const DRAW_TERMS = {
  currency: ZeroAddress,
  price: OFFER.price,
  maxLock: 500n * TOKEN,
  minDuration: HOUR,
  concurrency: 2,
} as const;

export async function nextEpoch({ networkHelpers: { time } }: Connection): Promise<void> {
  await time.increaseTo((Math.floor((await time.latest()) / EPOCH) + 1) * EPOCH);
}

/** The owner has set 600 of its tokens aside, is enlisted, and the epoch that counts it has begun. */
export async function deployEnlisted(chain: Connection): Promise<JobSetup> {
  const deployed = await deployWithOperator(chain);
  await deployed.staking.connect(chain.owner).setDrawStake(SET_ASIDE);
  await deployed.offers.connect(chain.owner).enlist(deployed.modelId, DRAW_TERMS);
  await nextEpoch(chain);
  return deployed;
}

/** What tests of draws do, on the chain and the deployment of the running test. */
export function createDraws(running: () => { chain: Connection; setup: JobSetup }) {
  const mine = (blocks: number) => running().chain.networkHelpers.mine(blocks);
  const ask = (change: RequestChange = {}) => {
    const { chain, setup } = running();
    return requestJob(chain, setup, { operator: ZeroAddress, lock: LOCK, ...change });
  };
  const draw = async (jobId: string) => {
    const { chain, setup } = running();
    const { jobs } = setup;
    return jobs.connect(chain.stranger).draw(await termsOf(jobs, jobId));
  };
  return {
    mine,
    ask,
    draw,
    jobOf: (jobId: string) => running().setup.jobs.job(jobId),
    /** Block and epoch that decide. */
    seedOf: async (jobId: string) => {
      const { offers, jobs } = running().setup;
      return offers.drawOf(jobs, jobId);
    },
    /** Another operator with stake, itself its worker, and tokens set aside from the next epoch on. */
    join: async (
      signer: Connection["stranger"],
      terms: Partial<DrawTermsStruct> = {},
      setAside = SET_ASIDE,
    ): Promise<void> => {
      const { chain, setup } = running();
      const { token, staking, profiles, offers, modelId } = setup;
      await token.connect(chain.deployer).transfer(signer, 1000n * TOKEN);
      await token.connect(signer).approve(staking, 1000n * TOKEN);
      await staking.connect(signer).deposit(signer, 1000n * TOKEN);
      await profiles.connect(signer).proposeWorker(signer);
      await staking.connect(signer).setDrawStake(setAside);
      await offers.connect(signer).enlist(modelId, { ...DRAW_TERMS, ...terms });
    },
    /** A job whose draw has been made. */
    drawn: async (change: RequestChange = {}): Promise<string> => {
      const jobId = await ask(change);
      await mine(SEED_DELAY + 1);
      await draw(jobId);
      return jobId;
    },
  };
}
