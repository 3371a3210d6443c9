/** Writes the vectors of trees, proofs, encodings, views, graphs, models, evidence, ids and receipts to test/vectors. Run: tsx scripts/generate/vectors.ts */
import { writeFileSync } from "node:fs";

import { commitmentVectors } from "../../test/support/commitment-vectors.js";
import { graphVectors } from "../../test/support/graph-vectors.js";
import { receiptVectors } from "../../test/support/receipt-vectors.js";

const receipts = await receiptVectors();
for (const [name, content] of [...commitmentVectors(), ...graphVectors(), [receipts.name, receipts.content] as const]) {
  writeFileSync(new URL(`../../test/vectors/${name}`, import.meta.url), content);
}
