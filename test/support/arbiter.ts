import type { NetworkConnection } from "hardhat/types/network";

import type { Arbiter } from "../../typechain-types/index.js";
import { deployScalars } from "./scalars.js";

/** Deploys the Arbiter with its real evaluators. */
export async function deployArbiter(connection: NetworkConnection): Promise<Arbiter> {
  const { evaluator } = await deployScalars(connection);
  const reductions = await connection.ethers.deployContract("ReduceEvaluator");
  return connection.ethers.deployContract("Arbiter", [evaluator, reductions]);
}
