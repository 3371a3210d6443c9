import type { CompileReport } from "../audit/compile/report.js";
import { type AuditGraph, resultDType } from "../audit/graph.js";
import { printable } from "../printable.js";
import { extentsText, operandText, stepTexts } from "./view-text.js";

/** One node of an audit graph in words. */
export interface ListedNode {
  readonly node: number;
  readonly kind: string;
  readonly fn: string;
  readonly dtype: string;
  readonly extents: string;
  readonly operands: readonly string[];
  readonly steps: readonly string[];
  /** Most bytes and gas that proving one of its elements takes. */
  readonly proofBytes: number;
  readonly proofGas: number;
  /** ONNX node and operator. */
  readonly label: string;
}

/** The nodes of a compiled model in order, each with what it reads and what proving it takes. */
export function listNodes(graph: AuditGraph, report: CompileReport): ListedNode[] {
  return graph.nodes.map((node, i) => {
    const { bytes: proofBytes = 0, gas: proofGas = 0 } = report.costs[i] ?? {};
    return {
      node: i,
      kind: node.kind,
      fn: node.fn,
      dtype: resultDType(node),
      extents: extentsText(node),
      operands: node.operands.map((operand) => operandText(operand, node, graph)),
      steps: stepTexts(node, graph),
      proofBytes,
      proofGas,
      label: printable(node.label),
    };
  });
}

const HEAD = ["", "node", "type", "extents", "reads", "then", "bytes", "gas", "ONNX"];

/** Cells of a table with one row a node, under a head. */
export function listingRows(nodes: readonly ListedNode[]): string[][] {
  const rows = nodes.map((node) => [
    String(node.node),
    node.kind === node.fn ? node.fn : `${node.kind} ${node.fn}`,
    node.dtype,
    node.extents,
    node.operands.join(", "),
    node.steps.join("; "),
    node.proofBytes.toLocaleString("en"),
    node.proofGas.toLocaleString("en"),
    node.label,
  ]);
  return [HEAD, ...rows];
}
