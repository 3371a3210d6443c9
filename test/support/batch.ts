import type { BaseContract, BytesLike } from "ethers";

import type { BatchCaller } from "../../typechain-types/index.js";

/** What one call of a batch came to: its result (a list where there are several), or the name of the error it reverted with. */
export type Answer = { readonly value: unknown } | { readonly error: string };

/** Calldata of one batch stays well below what a block may hold. */
const BATCH_BYTES = 200_000;
const BATCH_CALLS = 200;

/** Calls a view of a contract many times, few transactions' worth at a time. */
export async function callAll(
  batch: BatchCaller,
  target: BaseContract,
  method: string,
  calls: readonly (readonly unknown[])[],
): Promise<Answer[]> {
  const fragment = target.interface.getFunction(method)!;
  const address = await target.getAddress();
  const answers: Answer[] = [];
  for (let from = 0; from < calls.length;) {
    const data: BytesLike[] = [];
    for (let bytes = 0; from < calls.length && data.length < BATCH_CALLS && bytes < BATCH_BYTES; from++) {
      const encoded = target.interface.encodeFunctionData(fragment, calls[from]);
      bytes += encoded.length / 2;
      data.push(encoded);
    }
    for (const answer of await batch.callAll(address, data, { gasLimit: 16_777_216n })) {
      if (answer.ok) {
        const values: unknown[] = target.interface.decodeFunctionResult(fragment, answer.data).toArray();
        answers.push({ value: values.length === 1 ? values[0] : values });
      } else {
        answers.push({ error: target.interface.parseError(answer.data)?.name ?? `revert ${answer.data}` });
      }
    }
  }
  return answers;
}
