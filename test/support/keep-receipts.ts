/** Keeps receipts in the state file that it is told, in groups as a worker does, and says each claim id once it is on disk; for ever. */
import { writeSync } from "node:fs";

import { receiptsOf } from "../../src/dispute/claims.js";
import { openState } from "../../src/store/state.js";
import { receiptNumber } from "./receipt-claims.js";

const state = openState(process.argv[2]!);
const receipts = receiptsOf(state);
let count = 0;

async function keepOn(): Promise<void> {
  for (;;) {
    const receipt = receiptNumber(++count);
    await state.durably(() => receipts.add(receipt));
    // Past every buffer of this process.
    writeSync(1, `${receipt.claimId}\n`);
  }
}

await Promise.all(Array.from({ length: 4 }, keepOn));
