import type { FreshReceipt } from "../../src/dispute/claims.js";

const word = (n: number): string => `0x${n.toString(16).padStart(64, "0")}`;

/** A receipt that nobody signed, all its fields from a number; its tensors do not fit into one page of a state file. */
export function receiptNumber(n: number): FreshReceipt {
  const [operator, consumer] = [`0x${"0a".repeat(20)}`, `0x${"0c".repeat(20)}`];
  const roots = { inputsRoot: word(1), outputsRoot: word(2) };
  const parties = { operator, consumer, price: 3n, issuedAt: 4, version: 1 };
  const receipt = { requestId: word(n), reservation: word(9), modelId: word(8), ...roots, ...parties };
  const about = { claimId: word(1_000 + n), source: operator, modelId: word(8), operator, block: 7 };
  const [inputs, outputs] = [[new Uint8Array(5_000).fill(n), new Uint8Array()], [new Uint8Array(40_000).fill(n + 1)]];
  return { ...about, inputs, outputs, receipt: { receipt, signature: "0x1234" } };
}
