import { expect } from "chai";
import { readElement } from "../../src/audit/exec/elements.js";
import type { AuditGraph, Tensor } from "../../src/audit/graph.js";

/** Compares two traces of a graph bit by bit. */
export function expectSameTrace(graph: AuditGraph, actual: readonly Tensor[], expected: readonly Tensor[]): void {
  expected.forEach(({ dtype, data }, node) => {
    for (let i = 0; i < data.length; i++) {
      const [got, wanted] = [readElement(actual[node]!.data, dtype, i), readElement(data, dtype, i)];
      if (got === wanted) continue;
      const what = JSON.stringify(graph.nodes[node], (_key, value: unknown) =>
        typeof value === "bigint" ? `0x${value.toString(16)}` : value,
      );
      expect.fail(`node ${node} element ${i}: 0x${got.toString(16)}, not 0x${wanted.toString(16)}; ${what}`);
    }
  });
}
