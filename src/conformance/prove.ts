import { tensorBytes, tensorFromBytes } from "../audit/bytes.js";
import type { Cost } from "../audit/compile/cost.js";
import { commitGraph } from "../audit/content.js";
import { assertedTrace, buildEvidence, factsOf, type Memory } from "../audit/evidence.js";
import { DTYPE_BYTES, resultSize, type AuditGraph, type Tensor } from "../audit/graph.js";
import { isFloating } from "../audit/signatures.js";
import { listTree, tensorTree, type HashTree, type TensorTree } from "../audit/tree.js";
import { createRandom } from "../calibrate/inputs.js";
import { verdict, type Tolerance } from "../dispute/verdict.js";
import type { Judge } from "./chain.js";

/** Results of at most this many elements are proven whole, larger ones by as many samples. */
const SAMPLES = 64;

/** Tolerance of ONNX's backend tests, 1e-7 + 1e-3 |x|, as binary32 bits. */
const OUTPUT_TOLERANCE: Tolerance = { atol: 0x33d6bf95n, rtol: 0x3a83126fn };

export interface Proof {
  readonly elementsProved: number;
  readonly perturbationsRejected: number;
  /** What the chain did not agree with, if anything. */
  readonly fault: string | undefined;
}

/** All elements of a small result; of a large one seeded random ones, the first, the last, the largest and the smallest. */
function chooseElements(result: Tensor, random: () => number): number[] {
  const n = result.data.length;
  if (n <= SAMPLES) return Array.from({ length: n }, (_, i) => i);
  let [least, most] = [0, 0];
  for (let i = 1; i < n; i++) {
    const value = result.data[i] ?? 0;
    if (value < (result.data[least] ?? 0)) least = i;
    if (value > (result.data[most] ?? 0)) most = i;
  }
  const chosen = new Set([0, n - 1, least, most]);
  while (chosen.size < SAMPLES) chosen.add(Math.floor(random() * n));
  return [...chosen].sort((a, b) => a - b);
}

const scratch = new DataView(new ArrayBuffer(4));

/** Bits of the first binary32 above `audit` that the tolerance no longer covers. */
function beyondTolerance(audit: bigint, tolerance: Tolerance): bigint {
  scratch.setUint32(0, Number(audit));
  const a = scratch.getFloat32(0);
  scratch.setUint32(0, Number(tolerance.rtol));
  const rtol = scratch.getFloat32(0);
  scratch.setUint32(0, Number(tolerance.atol));
  scratch.setFloat32(0, Math.fround(Math.abs(a) + scratch.getFloat32(0) + rtol * Math.abs(a)) * (a < 0 ? -1 : 1));
  // The rounded bound may lie on either side of the exact one, a few units away.
  let bits = BigInt(scratch.getUint32(0));
  while (verdict("f32", audit, bits, tolerance) === "wrong") bits--;
  while (verdict("f32", audit, bits, tolerance) === "right") bits++;
  return bits;
}

/** A wrong claim about one output element, as close to right as there is; undefined where the audit value is not finite. */
function falseClaim(result: Tensor, tree: TensorTree, element: number, tolerance: Tolerance): Tensor | undefined {
  if (result.dtype !== "f32") return flipped(result, element);
  const audit = tree.element(element);
  if (!Number.isFinite(Number(result.data[element]))) return undefined;
  const bytes = tensorBytes(result);
  new DataView(bytes.buffer).setUint32(4 * element, Number(beyondTolerance(audit, tolerance)));
  return tensorFromBytes(bytes, result.dtype, result.shape);
}

/** The tensor with one element moved by one unit in the last place. */
function flipped(tensor: Tensor, element: number): Tensor {
  const bytes = tensorBytes(tensor);
  const width = DTYPE_BYTES[tensor.dtype];
  const last = (element + 1) * width - 1;
  const value = tensor.data[element]!;
  const view = new DataView(bytes.buffer);
  // The bits after an infinity are those of a NaN, so it moves to the largest finite number instead.
  if (isFloating(tensor.dtype) && !Number.isFinite(Number(value))) {
    if (tensor.dtype === "f32") view.setUint32(element * width, value > 0 ? 0x7f7fffff : 0xff7fffff);
    else view.setFloat64(element * width, value > 0 ? Number.MAX_VALUE : -Number.MAX_VALUE);
  } else bytes[last] = (bytes[last] ?? 0) ^ 1;
  return tensorFromBytes(bytes, tensor.dtype, tensor.shape);
}

/**
 * Evaluates elements of every node on-chain within the compiler's bounds on calldata and gas, and sees one perturbed element of each node's result rejected.
 * NaN has no neighbour that is canonical: such an element is not perturbed.
 */
export async function proveTrace(parts: {
  graph: AuditGraph;
  inputs: readonly Tensor[];
  results: readonly Tensor[];
  /** Bounds on the proof of any element, by node. */
  costs: readonly Cost[];
  judge: Judge;
  seed: number;
}): Promise<Proof> {
  const { graph, inputs, results, costs, judge, seed } = parts;
  const random = createRandom(seed);
  const commitment = commitGraph(graph);
  const trees = results.map((tensor) => tensorTree(tensor));
  const memory: Memory = {
    inputs: inputs.map((tensor) => tensorTree(tensor)),
    weights: graph.weights.map((tensor) => tensorTree(tensor)),
    results: trees,
  };
  const roots = trees.map((tree) => tree.root());
  const inputRoots = memory.inputs.map((tree) => tree.root());
  const honest = listTree(roots);
  const facts = (list: HashTree) => factsOf({ graph, commitment, inputRoots, traceRoot: list.root() });
  let elementsProved = 0;
  let perturbationsRejected = 0;

  const judged = async (nodeIndex: number, element: number, list: HashTree, result: TensorTree): Promise<boolean> => {
    const node = graph.nodes[nodeIndex]!;
    const asserted = assertedTrace({ roots: list, result, node, element });
    const evidence = buildEvidence({ graph, commitment, memory, asserted, nodeIndex, element });
    return judge.check(facts(list), evidence, costs[nodeIndex]!);
  };

  for (const [index, node] of graph.nodes.entries()) {
    const result = results[index]!;
    for (const element of chooseElements(result, random)) {
      if (!(await judged(index, element, honest, trees[index]!))) {
        const fault = `node ${index} (${node.label}): the chain disagrees about element ${element} of ${resultSize(node)}`;
        return { elementsProved, perturbationsRejected, fault };
      }
      elementsProved++;
    }
    const victim = Math.floor(random() * result.data.length);
    if (Number.isNaN(Number(result.data[victim]))) continue;
    const altered = tensorTree(flipped(result, victim));
    const list = listTree(roots.map((root, i) => (i === index ? altered.root() : root)));
    if (await judged(index, victim, list, altered)) {
      return {
        elementsProved,
        perturbationsRejected,
        fault: `node ${index}: the chain accepts a perturbed element ${victim}`,
      };
    }
    perturbationsRejected++;
  }
  for (const [number, { node }] of graph.outputs.entries()) {
    const result = results[node]!;
    const element = Math.floor(random() * result.data.length);
    const claim = falseClaim(result, trees[node]!, element, OUTPUT_TOLERANCE);
    if (claim === undefined) continue;
    const claimed = tensorTree(claim);
    const list = listTree(roots.map((root, i) => (i === node ? claimed.root() : root)));
    const wrong = verdict(result.dtype, trees[node]!.element(element), claimed.element(element), OUTPUT_TOLERANCE);
    if (wrong !== "wrong" || (await judged(node, element, list, claimed))) {
      return {
        elementsProved,
        perturbationsRejected,
        fault: `output ${number}: a claim beyond the tolerance is taken for right`,
      };
    }
    perturbationsRejected++;
  }
  return { elementsProved, perturbationsRejected, fault: undefined };
}
