import { toHex } from "../audit/bytes.js";
import { listHash } from "../audit/content.js";
import type { Tensor } from "../audit/graph.js";
import { tensorRoot } from "../audit/tree.js";

/** Inputs root or outputs root of a claim (docs/audit.md, 2). */
export const rootOfTensors = (tensors: readonly Tensor[]): string =>
  toHex(listHash(tensors.map((tensor) => tensorRoot(tensor))));
