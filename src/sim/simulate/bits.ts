import { elementBits, fromHex } from "../../audit/bytes.js";
import { tensorTree } from "../../audit/tree.js";
import type { Suite } from "../../chain/suite.js";
import { fetchClaim } from "../../dispute/claims.js";
import type { Evidencer } from "../../dispute/evidence.js";
import { ratioToTolerance } from "../../dispute/verdict.js";

/** How far apart honest answers to the same questions are. */
export interface BitReport {
  /** Answers compared, and questions that they answer. */
  readonly answers: number;
  readonly questions: number;
  /** Pairs of answers to one question, and how many of them differ in any bit. */
  readonly pairs: number;
  readonly differingPairs: number;
  /** Answers that differ from the exact answer in any bit. */
  readonly inexact: number;
  /** Largest distance of any element from the exact answer, as a share of the tolerance. */
  readonly largest: number;
}

const scratch = new DataView(new ArrayBuffer(4));

function floatOf(bits: bigint): number {
  scratch.setUint32(0, Number(bits));
  return scratch.getFloat32(0);
}

/** Compares the published answers of some jobs with each other and with the exact answers. */
export async function compareBits(suite: Suite, evidencer: Evidencer, jobIds: readonly string[]): Promise<BitReport> {
  const byQuestion = new Map<string, string[]>();
  let [inexact, largest] = [0, 0];
  for (const jobId of jobIds) {
    const claim = await fetchClaim(suite, jobId);
    if (claim === undefined || claim.outputs.length === 0) continue;
    const question = claim.inputs.join();
    byQuestion.set(question, [...(byQuestion.get(question) ?? []), claim.outputs.join()]);
    const { model, outputs } = await evidencer.auditOf(claim);
    let differs = false;
    for (const [k, { dtype }] of model.graph.outputs.entries()) {
      const output = outputs[k];
      const published = model.manifest.outputs[k];
      if (output === undefined || published === undefined) continue;
      const tree = tensorTree(output);
      const theirs = fromHex(claim.outputs[k] ?? "0x");
      for (let i = 0; i < tree.numel; i++) {
        const [exact, claimed] = [tree.element(i), elementBits(theirs, dtype, i)];
        if (exact === claimed) continue;
        differs = true;
        if (dtype !== "f32") continue;
        const ratio = ratioToTolerance(floatOf(exact), floatOf(claimed), published.atol, published.rtol);
        largest = Math.max(largest, ratio);
      }
    }
    if (differs) inexact++;
  }
  const groups = [...byQuestion.values()];
  const pairs = groups.flatMap((group) => group.flatMap((a, i) => group.slice(i + 1).map((b) => a !== b)));
  return {
    answers: groups.flat().length,
    questions: groups.length,
    pairs: pairs.length,
    differingPairs: pairs.filter(Boolean).length,
    inexact,
    largest,
  };
}
