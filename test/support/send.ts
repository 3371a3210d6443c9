import { expect } from "chai";
import { parseUnits, toQuantity } from "ethers";

import type { Connection } from "./protocol.js";

export interface Sent {
  readonly ok: boolean;
  /** Name of the contract's error. */
  readonly refusal: string | undefined;
  /** Of the block that it is in, refused or not. */
  readonly time: number;
  /** Of that block. */
  readonly baseFee: bigint;
  /** Wei for gas. */
  readonly paid: bigint;
  readonly logs: readonly { readonly topics: string[]; readonly data: string }[];
}

interface Receipt extends Pick<Sent, "logs"> {
  readonly from: string;
  readonly status: string;
  readonly gasUsed: string;
  readonly effectiveGasPrice: string;
}

const TIP = parseUnits("1", "gwei");
const GAS = {
  gas: toQuantity(12_000_000),
  maxFeePerGas: toQuantity(parseUnits("100", "gwei")),
  maxPriorityFeePerGas: toQuantity(TIP),
};
const REFUSED = /reverted with custom error '(\w+)/;

/** Has one transaction mined at exactly this time, without asking what it would do: cheap, and refusals are mined too. */
export async function sendAt(
  { ethers: { provider } }: Pick<Connection, "ethers">,
  call: { readonly from: string; readonly to: string; readonly data: string; readonly value?: bigint },
  time: number | bigint,
): Promise<Sent> {
  await provider.send("evm_setNextBlockTimestamp", [toQuantity(time)]);
  const transaction = { ...call, ...GAS, value: toQuantity(call.value ?? 0n) };
  let refusal: string | undefined;
  const hash = await (provider.send("eth_sendTransaction", [transaction]) as Promise<string>).catch(
    async (error: unknown) => {
      // The node mines it and tells that it failed. Anything but a named refusal is a defect.
      refusal = error instanceof Error ? REFUSED.exec(error.message)?.[1] : undefined;
      if (refusal === undefined) throw error;
      const block = (await provider.send("eth_getBlockByNumber", ["latest", false])) as { transactions: string[] };
      return block.transactions[0];
    },
  );
  const receipt = (await provider.send("eth_getTransactionReceipt", [hash])) as Receipt;
  expect(receipt.from, "sender of the last transaction").to.equal(call.from.toLowerCase());
  expect(receipt.status === "0x1", "refused without a name").to.equal(refusal === undefined);
  const price = BigInt(receipt.effectiveGasPrice);
  const [baseFee, paid] = [price - TIP, price * BigInt(receipt.gasUsed)];
  return { ok: refusal === undefined, refusal, time: Number(time), baseFee, paid, logs: receipt.logs };
}
