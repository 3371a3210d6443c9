import type { Tensor } from "./graph.js";
import { type Keccak, wasmKeccak } from "./keccak.js";
import { tensorRoot } from "./tree.js";

/** Commits to tensors as a run yields them, perhaps on other threads meanwhile. */
export interface RootSink {
  /** Takes what it needs of the tensor before it returns. */
  add(tensor: Tensor): void;
  /** Roots of all tensors that were added since the last call, in that order. Waits for them. */
  finish(): Uint8Array[];
}

/** Hashes every tensor at once, on the caller's thread. */
export function createInlineSink(keccak: Keccak = wasmKeccak): RootSink {
  let roots: Uint8Array[] = [];
  return {
    add: (tensor) => roots.push(tensorRoot(tensor, keccak)),
    finish: () => {
      const all = roots;
      roots = [];
      return all;
    },
  };
}
