import type { AuditNode, DType, Operand, Source, Step } from "../graph.js";
import { type ConstMemory, isView, type Memory, type RawNode, type RawOperand } from "./raw.js";

/** Gives memory its position in the finished graph. */
export interface Linker {
  source(memory: Memory): Source;
}

/** Numbers weights as they are met and nodes as they were placed. */
export function createLinker(tables: {
  weight(memory: ConstMemory): number;
  nodes?: ReadonlyMap<RawNode, number>;
}): Linker {
  return {
    source(memory) {
      switch (memory.kind) {
        case "input":
          return { kind: "input", index: memory.index };
        case "const":
          return { kind: "weight", index: tables.weight(memory) };
        case "node":
          return { kind: "node", index: tables.nodes!.get(memory.node)! };
      }
    },
  };
}

function toOperand(operand: RawOperand, linker: Linker): Operand {
  if (!isView(operand)) return { source: { kind: "immediate" }, dtype: operand.dtype, value: operand.value };
  const { memory, base, coef, guards } = operand;
  const fill = guards.length > 0 ? operand.fill : 0n;
  return { source: linker.source(memory), dtype: memory.dtype as DType, numel: memory.numel, base, coef, guards, fill };
}

/** The finished form of a node. Weights are linked in the order in which its operands name them. */
export function toAuditNode(node: RawNode, linker: Linker): AuditNode {
  const operands = node.operands.map((operand) => toOperand(operand, linker));
  const steps = node.steps.map((step): Step => ({
    fn: step.fn,
    dtype: step.dtype,
    chain: step.chain,
    operands: step.operands.map((operand) => toOperand(operand, linker)),
  }));
  const base = { dtype: node.dtype, out: node.out, operands, steps, label: node.label };
  switch (node.what.kind) {
    case "map":
      return { ...base, kind: "map", fn: node.what.fn };
    case "reduce": {
      const { fn, argkth } = node.what;
      return { ...base, kind: "reduce", fn, red: node.red, ...(argkth ? { argkth } : {}) };
    }
    case "gather":
      return { ...base, kind: "gather", fn: "gather", indices: node.what.indices };
  }
}
