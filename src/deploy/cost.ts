import { Contract, type Provider } from "ethers";

import type { DeploymentNetwork } from "./networks.js";
import type { Step } from "./plan.js";

/** What the rest of a deployment costs at most at present prices. */
export interface Funding {
  readonly gas: bigint;
  readonly bytes: number;
  /** Wei for one gas: twice the base fee, which may rise meanwhile, and the tip. */
  readonly gasPrice: bigint;
  /** Wei for the data, on rollups that charge for it beside gas. */
  readonly dataFee: bigint;
  readonly total: bigint;
  readonly balance: bigint;
}

const OP_STACK_ORACLE = "0x420000000000000000000000000000000000000F";
const ARBITRUM_GAS_INFO = "0x000000000000000000000000000000000000006C";

/** What a rollup asks for data, from the same place as the suite's fee oracles; nothing where there is no such place. */
async function dataFeeOf(
  provider: Provider,
  { feeOracle }: DeploymentNetwork,
  steps: readonly Step[],
): Promise<bigint> {
  if (feeOracle === undefined) return 0n;
  const at = feeOracle === "OpStackFeeOracle" ? OP_STACK_ORACLE : ARBITRUM_GAS_INFO;
  if ((await provider.getCode(at)) === "0x") return 0n;
  if (feeOracle === "OpStackFeeOracle") {
    const oracle = new Contract(at, ["function getL1FeeUpperBound(uint256) view returns (uint256)"], provider);
    const fees = await Promise.all(
      steps.map(({ bytes }) => oracle.getFunction("getL1FeeUpperBound").staticCall(bytes)),
    );
    return (fees as bigint[]).reduce((sum, fee) => sum + fee, 0n);
  }
  const info = new Contract(
    at,
    ["function getPricesInWei() view returns (uint256, uint256, uint256, uint256, uint256, uint256)"],
    provider,
  );
  const [, perByte] = (await info.getFunction("getPricesInWei").staticCall()) as bigint[];
  return (perByte ?? 0n) * BigInt(steps.reduce((sum, { bytes }) => sum + bytes, 0));
}

export async function fundingFor(
  provider: Provider,
  network: DeploymentNetwork,
  { steps, deployer }: { steps: readonly Step[]; deployer: string },
): Promise<Funding> {
  const [{ maxFeePerGas, gasPrice }, balance, dataFee] = await Promise.all([
    provider.getFeeData(),
    provider.getBalance(deployer),
    dataFeeOf(provider, network, steps),
  ]);
  const gas = steps.reduce((sum, step) => sum + step.gas, 0n);
  const bytes = steps.reduce((sum, step) => sum + step.bytes, 0);
  const price = maxFeePerGas ?? gasPrice ?? 0n;
  return { gas, bytes, gasPrice: price, dataFee, total: gas * price + dataFee, balance };
}
