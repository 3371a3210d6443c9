import { elementBits, fromHex, tensorBytes } from "../audit/bytes.js";
import { DTYPE_BYTES, type Tensor } from "../audit/graph.js";
import { tensorTree } from "../audit/tree.js";
import { verdict, type Verdict } from "./verdict.js";
import type { PreparedModel } from "../models/prepared.js";
import { internalError } from "../errors.js";

/** An output element on which claim and audit disagree beyond the tolerance. */
export interface Finding {
  readonly output: number;
  readonly element: number;
  /** The node that produces this output. */
  readonly node: number;
  readonly verdict: Exclude<Verdict, "right">;
}

const f32 = new Float32Array(1);
const u32 = new Uint32Array(f32.buffer);

function numberOf(bits: bigint): number {
  u32[0] = Number(bits);
  return f32[0] ?? 0;
}

/**
 * Whether a claim needs an audit: some element is further from our own native answer than honest hardware differs (the
 * published noise level, as a fraction of the tolerance), or is not a number.
 */
export function isSuspicious(model: PreparedModel, native: readonly Tensor[], claimed: readonly string[]): boolean {
  return model.graph.outputs.some((spec, output) => {
    const theirs = fromHex(claimed[output] ?? "0x");
    const tensor = native[output];
    const published = model.manifest.outputs[output];
    if (tensor === undefined || published === undefined) return true;
    const ours = tensorBytes(tensor);
    if (ours.length !== theirs.length) return true;
    const count = ours.length / DTYPE_BYTES[spec.dtype];
    for (let i = 0; i < count; i++) {
      const [a, c] = [elementBits(ours, spec.dtype, i), elementBits(theirs, spec.dtype, i)];
      if (a === c) continue;
      if (spec.dtype !== "f32") return true;
      const [x, y] = [numberOf(a), numberOf(c)];
      const unsuspicious = published.noise * (published.atol + published.rtol * Math.abs(x));
      if (!(Math.abs(x - y) <= unsuspicious)) return true;
    }
    return false;
  });
}

/** Compares a claim with the audit run's outputs; the first *wrong* element wins over any *void* one. */
export function compareWithAudit(
  model: PreparedModel,
  outputs: readonly Tensor[],
  claimed: readonly string[],
): Finding | undefined {
  let undecidable: Finding | undefined;
  for (const [output, spec] of model.graph.outputs.entries()) {
    const theirs = fromHex(claimed[output] ?? "0x");
    const result = outputs[output];
    const tolerance = model.tolerances[output];
    if (result === undefined || tolerance === undefined) throw internalError(`there is no output ${output}`);
    const ours = tensorTree(result);
    for (let element = 0; element < ours.numel; element++) {
      const found = verdict(spec.dtype, ours.element(element), elementBits(theirs, spec.dtype, element), tolerance);
      if (found === "right") continue;
      const finding = { output, element, node: spec.node, verdict: found };
      if (found === "wrong") return finding;
      undecidable ??= finding;
    }
  }
  return undecidable;
}
