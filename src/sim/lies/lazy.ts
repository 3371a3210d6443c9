import { fromHex, tensorFromBytes } from "../../audit/bytes.js";
import type { Evidencer } from "../../dispute/evidence.js";
import { alteredInner } from "./inner.js";
import { createLyingEvidencer } from "./lying.js";

/** What an auditor that does not work has: it agrees with every answer, and its trace is made up. */
export function createLazyEvidencer(evidencer: Evidencer, seed: number): Evidencer {
  const agreeing: Evidencer = {
    ...evidencer,
    auditOf: async (claim) => {
      const run = await evidencer.auditOf(claim);
      const outputs = run.outputs.map((output, i) => {
        const claimed = claim.outputs[i];
        return claimed === undefined ? output : tensorFromBytes(fromHex(claimed), output.dtype, output.shape);
      });
      return { ...run, outputs };
    },
  };
  return createLyingEvidencer(agreeing, alteredInner, seed);
}
