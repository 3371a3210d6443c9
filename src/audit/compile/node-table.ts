import { CompileError } from "./errors.js";
import type { Memory, RawNode, RawOperand } from "./raw.js";
import { product } from "./value.js";

/** Elements of a tensor (docs/audit.md, 2). */
export const MAX_NUMEL = 2 ** 31 - 1;
/** Nodes before fusion; a bound on memory, far above any model that can be hashed in reasonable time. */
const MAX_NODES = 1_000_000;

/** The nodes of a graph under construction, each different from the others. */
export interface NodeTable {
  readonly nodes: RawNode[];
  /** The node's result; an equal node that exists already is used again. */
  readonly append: (node: RawNode) => Memory;
}

export function createNodeTable(): NodeTable {
  const nodes: RawNode[] = [];
  const known = new Map<string, Memory>();
  const identities = new Map<Memory, number>();

  const identify = (memory: Memory): number => {
    let id = identities.get(memory);
    if (id === undefined) identities.set(memory, (id = identities.size));
    return id;
  };

  const append = (node: RawNode): Memory => {
    const key = keyOf(node);
    const found = known.get(key);
    if (found) return found;
    const numel = product(node.out);
    if (numel > MAX_NUMEL) throw new CompileError("COMPILE_LIMIT", `A tensor of ${numel} elements`);
    if (nodes.length >= MAX_NODES) throw new CompileError("COMPILE_LIMIT", `A graph of more than ${MAX_NODES} nodes`);
    const memory: Memory = { kind: "node", dtype: node.dtype, numel, node };
    nodes.push(node);
    known.set(key, memory);
    return memory;
  };

  const keyOf = (node: RawNode): string => {
    const operandKey = (operand: RawOperand): unknown =>
      operand.memory
        ? [identify(operand.memory), operand.base, operand.coef, operand.guards, String(operand.fill)]
        : [operand.dtype, String(operand.value)];
    const steps = node.steps.map((step) => [step.fn, step.dtype, step.chain, step.operands.map(operandKey)]);
    const { what, dtype, out, red, continuous } = node;
    return JSON.stringify([what, dtype, out, red, continuous, node.operands.map(operandKey), steps]);
  };

  return { nodes, append };
}
