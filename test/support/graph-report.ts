import type { CompileReport } from "../../src/audit/compile/report.js";
import type { AuditGraph, MapNode } from "../../src/audit/graph.js";
import { input, nodeResult, rowMajor } from "./graph-parts.js";

/** A graph of `count` additions: each reads its predecessor and, every seventh, the result of 20 nodes before. */
export function longGraph(count: number): { graph: AuditGraph; report: CompileReport } {
  const read = (i: number): MapNode["operands"][number] => rowMajor(i < 0 ? input(0) : nodeResult(i), [8]);
  const nodes = Array.from({ length: count }, (_, i): MapNode => {
    const skip = i % 7 === 6 ? Math.max(-1, i - 20) : i - 1;
    const common = { kind: "map", dtype: "f32", out: [8], steps: [] } as const;
    return { ...common, fn: "add", operands: [read(i - 1), read(skip)], label: `add ${i} (Add)` };
  });
  const graph: AuditGraph = {
    inputs: [{ name: "x", dtype: "f32", shape: [8], lo: 0n, hi: 0n }],
    weights: [],
    nodes,
    outputs: [{ name: "y", dtype: "f32", shape: [8], node: count - 1 }],
    bound: [],
  };
  return { graph, report: plainReport(graph) };
}

/** A report that says of every proof that it costs as many bytes as its node's number. */
export function plainReport(graph: AuditGraph, more: Partial<CompileReport> = {}): CompileReport {
  return {
    nodes: graph.nodes.length,
    multiplyAdds: 0,
    traceBytes: 0,
    weightBytes: 0,
    operators: {},
    worst: { bytes: 0, gas: 0, node: 0 },
    costs: graph.nodes.map((_, i) => ({ bytes: i, gas: 10 * i })),
    discontinuities: [],
    caveats: [],
    spent: { work: 0, bytes: 0 },
    exactOutputs: [],
    ...more,
  };
}
