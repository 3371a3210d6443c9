import { type AuditGraph, DTYPE_BYTES, resultDType, resultSize, type Source } from "../../src/audit/graph.js";
import { allOperands } from "../../src/audit/wellformed.js";

/** Bytes of the largest working set of a node: what it reads of inputs and results, and its own result. */
export function largestWorkingSet(graph: AuditGraph): number {
  const bytesOf = ({ kind, index }: Source): number => {
    if (kind === "weight") return 0;
    if (kind === "node") return resultSize(graph.nodes[index]!) * DTYPE_BYTES[resultDType(graph.nodes[index]!)];
    const { shape, dtype } = graph.inputs[index]!;
    return shape.reduce((n, extent) => n * extent, DTYPE_BYTES[dtype]);
  };
  return Math.max(
    ...graph.nodes.map((node, i) => {
      const read = new Map<string, Source>();
      for (const operand of allOperands(node)) {
        if ("guards" in operand) read.set(`${operand.source.kind} ${operand.source.index}`, operand.source);
      }
      return [...read.values(), { kind: "node", index: i } as const].reduce((sum, source) => sum + bytesOf(source), 0);
    }),
  );
}
