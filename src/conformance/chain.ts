import type { Evidence, Facts } from "../audit/evidence.js";
import { TouchstoneError, messageOf } from "../errors.js";
import { IArbiter__factory } from "../../typechain-types/index.js";

/** The real Arbiter on a chain inside this process. */
export interface Judge {
  /** @throws TouchstoneError `EVIDENCE_REFUSED` where the contract takes the evidence for malformed, with its error. */
  check(facts: Facts, evidence: Evidence): Promise<boolean>;
  close(): Promise<void>;
}

/** Starts Hardhat's chain in this process and deploys the Arbiter as the suite does. */
export async function createJudge(): Promise<Judge> {
  const { default: hre } = await import("hardhat");
  const { default: module } = await import("../../deploy/modules/Arbiter.js");
  const connection = await hre.network.create();
  const { arbiter: deployed } = await connection.ignition.deploy(module);
  const arbiter = IArbiter__factory.connect(await deployed.getAddress(), connection.ethers.provider);
  return {
    check: async (facts, evidence) => {
      try {
        return await arbiter.check(facts, evidence);
      } catch (cause) {
        throw new TouchstoneError(
          "EVIDENCE_REFUSED",
          `The Arbiter refused evidence: ${messageOf(cause).slice(0, 200)}`,
          {
            cause,
          },
        );
      }
    },
    close: () => connection.close(),
  };
}
