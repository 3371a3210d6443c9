import type { AuditLottery, ChallengeManager, JobEscrow, ReceiptEscrow } from "../../typechain-types/index.js";
import { deployDisputes, type Deployment } from "./challenges.js";
import type { Connection } from "./protocol.js";

interface Peers {
  readonly jobs: JobEscrow;
  readonly receipts: ReceiptEscrow;
  readonly manager: ChallengeManager;
  readonly lottery: AuditLottery;
}

/** The two lenses of a deployment. */
export async function deployLenses({ ethers }: Connection, { jobs, receipts, manager, lottery }: Peers) {
  const accounts = await ethers.deployContract("AccountLens", [jobs, receipts, manager, lottery]);
  const claims = await ethers.deployContract("ClaimLens", [jobs, manager]);
  return { accounts, claims };
}

/** A suite of the alphabet model, and its lenses. */
export async function deployWithLenses(chain: Connection, deployment: Deployment = {}) {
  const suite = await deployDisputes(chain, deployment);
  return { suite, ...(await deployLenses(chain, suite)) };
}
