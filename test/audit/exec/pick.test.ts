import { expect } from "chai";

import { executeFast } from "../../../src/audit/exec/fast/execute.js";
import { executeReference } from "../../../src/audit/exec/reference/execute.js";
import type { AuditGraph, DType, Tensor, View } from "../../../src/audit/graph.js";

/** [rows, 12 + 6, 8]: a join along the middle axis, whose last operand is unguarded and mostly read out of its range. */
function join(dtype: DType, rows: number): AuditGraph {
  const view = (index: number, fields: Partial<View>): View => ({
    source: { kind: "input", index },
    dtype,
    numel: rows * 8 * (index === 0 ? 12 : 6),
    base: 0,
    coef: [],
    guards: [],
    fill: 0n,
    ...fields,
  });
  const first = view(0, {
    coef: [96, 0, 1],
    guards: [{ base: 0, divisor: 1, extent: 12, stride: 8, coef: [0, 1, 0] }],
  });
  const last = view(1, { base: -96, coef: [48, 8, 1] });
  const out = [rows, 18, 8];
  const spec = { lo: 0n, hi: 0n };
  return {
    inputs: [
      { name: "a", dtype, shape: [rows, 12, 8], ...spec },
      { name: "b", dtype, shape: [rows, 6, 8], ...spec },
    ],
    weights: [],
    nodes: [{ kind: "map", fn: "pick", dtype, out, operands: [first, last], steps: [], label: "join" }],
    outputs: [{ name: "y", dtype, shape: out, node: 0 }],
    bound: [],
  };
}

describe("fast executor: pick", () => {
  const inputs = (dtype: DType, rows: number): Tensor[] =>
    [12, 6].map((middle, k): Tensor => {
      const numbers = Array.from({ length: rows * middle * 8 }, (_, i) => 1000 * k + i);
      const data = dtype === "f32" ? Float32Array.from(numbers) : BigInt64Array.from(numbers, BigInt);
      return { dtype, shape: [rows, middle, 8], data };
    });

  for (const dtype of ["f32", "i64"] as const) {
    it(`never takes what the last operand reads outside its tensor (${dtype})`, () => {
      const graph = join(dtype, 6);
      const tensors = inputs(dtype, 6);
      expect(executeFast(graph, tensors)[0]!.data).to.deep.equal(executeReference(graph, tensors)[0]!.data);
    });
  }
});
