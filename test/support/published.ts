import { readFileSync } from "node:fs";

import { getBytes } from "ethers";

import { tensorFromBytes } from "../../src/audit/bytes.js";
import { decodeNode } from "../../src/audit/decode.js";
import { type AuditGraph, type DType, DTYPE_BYTES, DTYPE_CODE, type Tensor } from "../../src/audit/graph.js";
import type { Bytes, Model } from "./second/graph.js";

/*
 * The files of test/vectors, as their readers see them.
 */

export function published(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), "utf8"));
}

/** An entry of nodes.json. */
export interface GraphCase {
  readonly name: string;
  readonly inputs: readonly Bytes[];
  readonly weights: readonly (Bytes & { readonly root: string })[];
  readonly nodes: readonly string[];
  readonly results: readonly Bytes[];
}

/** An entry of models.json. */
export interface ModelCase extends GraphCase {
  readonly bound: readonly Bytes[];
  readonly model: Model;
  readonly depth: number;
  readonly graphRoot: string;
  readonly weightsRoot: string;
  readonly boundInputs: string;
  readonly contentId: string;
  readonly inputsRoot: string;
  readonly traceRoot: string;
  readonly outputsRoot: string;
}

const dtypeOf = new Map(Object.entries(DTYPE_CODE).map(([dtype, code]) => [code, dtype as DType]));

export function tensorOf({ dtype, bytes }: Bytes): Tensor {
  const data = getBytes(bytes);
  const name = dtypeOf.get(dtype)!;
  return tensorFromBytes(data, name, [data.length / DTYPE_BYTES[name]]);
}

/** The graph of an entry, without outputs. */
export function graphOf({ inputs, weights, nodes }: GraphCase): AuditGraph {
  return {
    inputs: inputs.map(tensorOf).map(({ dtype, shape }, i) => ({ name: `x${i}`, dtype, shape, lo: 0n, hi: 0n })),
    weights: weights.map(tensorOf),
    nodes: nodes.map((node) => decodeNode(getBytes(node)).node),
    outputs: [],
    bound: [],
  };
}
