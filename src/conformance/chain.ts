import { dataLength } from "ethers";

import type { Cost } from "../audit/compile/cost.js";
import type { Evidence, Facts } from "../audit/evidence.js";
import { TouchstoneError, messageOf } from "../errors.js";
import { IArbiter__factory } from "../../typechain-types/index.js";

/** The real Arbiter on a chain inside this process. */
export interface Judge {
  /**
   * @param bound what the compiler says that the proof of any element of the node takes at most; the call gets no more gas.
   * @throws TouchstoneError `EVIDENCE_REFUSED` where the contract takes the evidence for malformed, with its error, or runs out
   * of the bound's gas; `PROOF_BEYOND_BOUND` where the calldata is longer than the bound.
   */
  check(facts: Facts, evidence: Evidence, bound: Cost): Promise<boolean>;
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
    check: async (facts, evidence, bound) => {
      const { data } = await arbiter.check.populateTransaction(facts, evidence);
      if (dataLength(data) > bound.bytes) {
        const message = `A proof takes ${dataLength(data)} bytes, the compiler's bound is ${bound.bytes}.`;
        throw new TouchstoneError("PROOF_BEYOND_BOUND", message);
      }
      try {
        return await arbiter.check(facts, evidence, { gasLimit: bound.gas });
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
