import type { FeeData, Provider } from "ethers";

/** The base fee to compute bonds and demand prices with: the head's, with room for two full blocks before ours. */
export async function baseFeeAhead(provider: Provider): Promise<bigint> {
  const head = await provider.getBlock("latest");
  return ((head?.baseFeePerGas ?? 0n) * 5n) / 4n;
}

/** What a transaction offers for gas: by EIP-1559, or one price on chains without it. */
export type Fees =
  { readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint } | { readonly gasPrice: bigint };

/** What a node advises now. */
export function advisedFees({ maxFeePerGas, maxPriorityFeePerGas, gasPrice }: FeeData): Fees {
  return maxFeePerGas === null || maxPriorityFeePerGas === null
    ? { gasPrice: gasPrice ?? 0n }
    : { maxFeePerGas, maxPriorityFeePerGas };
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
/** Nodes take a replacement that offers a tenth more; an eighth leaves room for their rounding. */
const raised = (fee: bigint): bigint => (fee * 9n) / 8n + 1n;

/** What replaces a transaction that offered `before`: enough for every node to prefer it, and no less than is advised now. */
export function replacementFees(before: Fees, advised: Fees): Fees {
  if ("gasPrice" in before) {
    return { gasPrice: larger(raised(before.gasPrice), "gasPrice" in advised ? advised.gasPrice : 0n) };
  }
  const now = "gasPrice" in advised ? { maxFeePerGas: 0n, maxPriorityFeePerGas: 0n } : advised;
  const tip = larger(raised(before.maxPriorityFeePerGas), now.maxPriorityFeePerGas);
  return {
    maxFeePerGas: larger(larger(raised(before.maxFeePerGas), now.maxFeePerGas), tip),
    maxPriorityFeePerGas: tip,
  };
}
