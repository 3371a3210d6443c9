import type { ChallengeManager, JobEscrow, ReceiptEscrow } from "../../typechain-types/index.js";
import type { Connection } from "./protocol.js";

interface Peers {
  readonly jobs: JobEscrow;
  readonly receipts: ReceiptEscrow;
  readonly manager: ChallengeManager;
}

/** The two lenses of a deployment. */
export async function deployLenses({ ethers }: Connection, { jobs, receipts, manager }: Peers) {
  const accounts = await ethers.deployContract("AccountLens", [jobs, receipts, manager]);
  const claims = await ethers.deployContract("ClaimLens", [jobs, manager]);
  return { accounts, claims };
}
