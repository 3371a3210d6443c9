import type { Tensor } from "../../audit/graph.js";
import { TouchstoneError } from "../../errors.js";
import type { PreparedModel } from "../../models/prepared.js";
import { auditAnswer } from "../../worker/answer.js";
import type { Answerer } from "../../worker/worker.js";
import { drawBelow, randomFor } from "../random.js";

const scratch = new DataView(new ArrayBuffer(4));

/** The binary32 number next to `x` in a direction, +1 or -1. */
export function neighbour(x: number, direction: number): number {
  scratch.setFloat32(0, x);
  const bits = scratch.getUint32(0);
  if (x === 0) scratch.setUint32(0, direction > 0 ? 1 : 0x80000001);
  else scratch.setUint32(0, x > 0 === direction > 0 ? bits + 1 : bits - 1);
  return scratch.getFloat32(0);
}

/**
 * The binary32 number that is `factor` times the tolerance away from `audit`, or the next one beyond: for a factor above 1
 * always a wrong answer, though by no more than rounding asks.
 */
export function deviatingBy(
  audit: number,
  tolerance: { readonly atol: number; readonly rtol: number },
  factor: number,
  direction: 1 | -1,
): number {
  const target = audit + direction * factor * (tolerance.atol + tolerance.rtol * Math.abs(audit));
  let claimed = Math.fround(target);
  while (direction > 0 ? claimed < target : claimed > target) claimed = neighbour(claimed, direction);
  return claimed;
}

/** The exact answer with one element of one output moved by `factor` times the tolerance. */
export function deviate(
  model: PreparedModel,
  exact: readonly Tensor[],
  factor: number,
  random: () => number,
): { outputs: Tensor[]; output: number; element: number } {
  const floats = model.graph.outputs.flatMap((spec, i) => (spec.dtype === "f32" ? [i] : []));
  const output = floats[drawBelow(random, floats.length)];
  const outputs = exact.map((each) => ({ ...each, data: each.data.slice() }));
  const tensor = output === undefined ? undefined : outputs[output];
  const published = output === undefined ? undefined : model.manifest.outputs[output];
  if (output === undefined || tensor === undefined || published === undefined) {
    throw new TouchstoneError("FRAUD_IMPOSSIBLE", "A model without float outputs has no tolerance to step over.");
  }
  const element = drawBelow(random, tensor.data.length);
  const audit = Number(tensor.data[element]);
  // As registered: rounded to binary32.
  const tolerance = { atol: Math.fround(published.atol), rtol: Math.fround(published.rtol) };
  tensor.data[element] = deviatingBy(audit, tolerance, factor, random() < 0.5 ? 1 : -1);
  return { outputs, output, element };
}

/** Answers with the audit answer but for one element, which is out of tolerance by `factor`. */
export function deviatingAnswer(
  factorOf: (claimId: string) => number,
  seed: number,
  report: (deviation: { claimId: string; factor: number; output: number; element: number }) => void,
): Answerer {
  return (model, inputs, claimId) => {
    const factor = factorOf(claimId);
    const { outputs, output, element } = deviate(model, auditAnswer(model, inputs), factor, randomFor(seed, claimId));
    report({ claimId, factor, output, element });
    return Promise.resolve(outputs);
  };
}
