import { elementBits, tensorBytes } from "../../audit/bytes.js";
import type { Tensor } from "../../audit/graph.js";
import { ratioToTolerance, verdict, type Verdict } from "../../dispute/verdict.js";
import { bitsOf } from "../../models/prepared.js";

export interface Judgement {
  readonly verdict: Verdict;
  /** Largest distance, as a fraction of the tolerance. */
  readonly ratio: number;
}

/** Elements below this share of the tolerance are right whatever binary64 rounds. */
const CLEAR = 0.99;

/** What the protocol decides about an answer: its worst element. `atol` is each output's tolerance, as registered. */
export function judge(audit: readonly Tensor[], claimed: readonly Tensor[], atol: readonly number[]): Judgement {
  let found: Verdict = "right";
  let largest = 0;
  for (const [k, tensor] of audit.entries()) {
    const other = claimed[k]!;
    const allowed = Math.fround(atol[k] ?? 0);
    const tolerance = { atol: BigInt(bitsOf(allowed)), rtol: 0n };
    let bytes: readonly [Uint8Array, Uint8Array] | undefined;
    for (let i = 0; i < tensor.data.length; i++) {
      const [a, c] = [Number(tensor.data[i]), Number(other.data[i])];
      const ratio = ratioToTolerance(a, c, allowed, 0);
      if (ratio > largest) largest = ratio;
      if (ratio < CLEAR || found === "wrong") continue;
      bytes ??= [tensorBytes(tensor), tensorBytes(other)];
      const [x, y] = [elementBits(bytes[0], tensor.dtype, i), elementBits(bytes[1], tensor.dtype, i)];
      const decided = verdict(tensor.dtype, x, y, tolerance);
      if (decided !== "right") found = decided;
    }
  }
  return { verdict: found, ratio: largest };
}
