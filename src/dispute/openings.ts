import { DTYPE_BYTES } from "../audit/graph.js";
import { toHex } from "../audit/bytes.js";
import { LEAF, type TensorTree } from "../audit/tree.js";
import type { Trace } from "./trace.js";
import { internalError } from "../errors.js";

/** `ElementOpening` of `contracts/types/Claim.sol`, as ethers encodes it. */
export interface ElementOpening {
  readonly tensor: number;
  readonly element: number;
  readonly roots: string[];
  readonly leaf: string;
  readonly proof: string[];
}

/** `ResultOpening` of `contracts/types/Evidence.sol`. */
export interface ResultOpening {
  readonly root: string;
  readonly listProof: string[];
  readonly leaf: string;
  readonly proof: string[];
}

/** The leaf that holds an element. */
export const leafOf = (tree: TensorTree, element: number): number =>
  Math.floor((element * DTYPE_BYTES[tree.dtype]) / LEAF);

/** Opens one element of a claim's inputs or outputs from their list hash. */
export function openElement(tensors: readonly TensorTree[], tensor: number, element: number): ElementOpening {
  const tree = tensors[tensor];
  if (tree === undefined) throw internalError(`there is no tensor ${tensor}`);
  const leaf = leafOf(tree, element);
  return {
    tensor,
    element,
    roots: tensors.map((each) => toHex(each.root())),
    leaf: toHex(tree.leaves(leaf, 1)),
    proof: tree.prove(leaf, 1).map(toHex),
  };
}

/** Opens one element of a node's result from the trace root. */
export function openResult(trace: Trace, node: number, element: number): ResultOpening {
  const tree = trace.trees([node])[0]!;
  const leaf = leafOf(tree, element);
  return {
    root: toHex(tree.root()),
    listProof: trace.list.prove(node, 1).map(toHex),
    leaf: toHex(tree.leaves(leaf, 1)),
    proof: tree.prove(leaf, 1).map(toHex),
  };
}
