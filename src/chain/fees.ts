import type { Provider } from "ethers";

/** The base fee to compute bonds and demand prices with: the head's, with room for two full blocks before ours. */
export async function baseFeeAhead(provider: Provider): Promise<bigint> {
  const head = await provider.getBlock("latest");
  return ((head?.baseFeePerGas ?? 0n) * 5n) / 4n;
}
