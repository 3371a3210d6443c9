import { toHex } from "../audit/bytes.js";
import { listHash } from "../audit/content.js";
import type { Tensor } from "../audit/graph.js";
import { tensorRoot, tensorTreeOfBytes } from "../audit/tree.js";
import type { RawTensor } from "./wire.js";

/** Inputs root or outputs root of a claim (docs/audit.md, 2). */
export const rootOfTensors = (tensors: readonly Tensor[]): string =>
  toHex(listHash(tensors.map((tensor) => tensorRoot(tensor))));

/** The same from committed bytes. */
export const rootOfRaw = (tensors: readonly RawTensor[]): string =>
  toHex(listHash(tensors.map(({ data, dtype }) => tensorTreeOfBytes(data, dtype).root())));
