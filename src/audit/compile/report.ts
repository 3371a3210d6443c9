import { type AuditGraph, type AuditNode, DTYPE_BYTES, resultDType, resultSize } from "../graph.js";
import type { Budget } from "./budget.js";
import type { Caveat } from "./builder.js";
import type { Cost } from "./cost.js";
import type { Discontinuity } from "./discontinuity.js";

/** What a publisher needs to know of a compiled model. */
export interface CompileReport {
  readonly nodes: number;
  /** Multiply-adds of all dot products. */
  readonly multiplyAdds: number;
  /** Bytes of all results, which a trace holds. */
  readonly traceBytes: number;
  readonly weightBytes: number;
  /** ONNX nodes by operator. */
  readonly operators: Readonly<Record<string, number>>;
  /** Bytes and gas to prove the most expensive element, and the node it belongs to. */
  readonly worst: { readonly bytes: number; readonly gas: number; readonly node: number };
  /** Cost of every node, in order. */
  readonly costs: readonly Cost[];
  readonly discontinuities: readonly Discontinuity[];
  /** Operators that native runtimes compute otherwise, or stop at, for some inputs: the domain should leave those out. */
  readonly caveats: readonly Caveat[];
  /** What compiling took of its budget (`budget.ts`). */
  readonly spent: { readonly work: number; readonly bytes: number };
  /** Outputs for which no tolerance is sound: a jump upstream depends on rounded values. */
  readonly exactOutputs: readonly string[];
}

function multiplyAdds(node: AuditNode): number {
  if (node.kind !== "reduce" || node.fn !== "dot") return 0;
  return node.red.reduce((n, extent) => n * extent, resultSize(node));
}

export function createReport(
  graph: AuditGraph,
  parts: {
    costs: readonly Cost[];
    discontinuities: readonly Discontinuity[];
    caveats: readonly Caveat[];
    operators: ReadonlyMap<string, number>;
    budget: Budget;
  },
): CompileReport {
  const { costs, discontinuities } = parts;
  let worst = 0;
  costs.forEach((cost, i) => {
    if (cost.gas > costs[worst]!.gas) worst = i;
  });
  const noisy = new Set(discontinuities.filter((jump) => jump.noisy).flatMap((jump) => jump.outputs));
  const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
  return {
    nodes: graph.nodes.length,
    multiplyAdds: sum(graph.nodes.map(multiplyAdds)),
    traceBytes: sum(graph.nodes.map((node) => resultSize(node) * DTYPE_BYTES[resultDType(node)])),
    weightBytes: sum(graph.weights.map((weight) => weight.data.byteLength)),
    operators: Object.fromEntries([...parts.operators].sort(([a], [b]) => (a < b ? -1 : 1))),
    worst: { ...(costs[worst] ?? { bytes: 0, gas: 0 }), node: worst },
    costs,
    discontinuities,
    caveats: parts.caveats,
    spent: parts.budget.spent(),
    exactOutputs: graph.outputs.filter((_, i) => noisy.has(i)).map(({ name }) => name),
  };
}
