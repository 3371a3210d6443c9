import { numelOf } from "../../bytes.js";
import type { Operand, ReduceNode } from "../../graph.js";

/** How a dot node falls into matrix products: dimensions along which one operand moves, or both, by number. */
export interface Product {
  /** Operand that moves along `rows`, and the one that moves along `columns`. */
  readonly left: Operand;
  readonly right: Operand;
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  readonly batch: readonly number[];
  readonly reduced: readonly number[];
}

function movesAlong(operand: Operand, d: number): boolean {
  return "guards" in operand && [operand, ...operand.guards].some(({ coef }) => coef[d] !== 0);
}

/** Puts each dimension where it belongs; there are at least as many rows as columns. */
export function asProduct(node: ReduceNode): Product {
  const [left, right] = node.operands as readonly [Operand, Operand];
  const rows: number[] = [];
  const columns: number[] = [];
  const batch: number[] = [];
  node.out.forEach((extent, d) => {
    if (extent === 1) return;
    if (!movesAlong(right, d)) rows.push(d);
    else if (!movesAlong(left, d)) columns.push(d);
    else batch.push(d);
  });
  const reduced = node.red.flatMap((extent, d) => (extent === 1 ? [] : [node.out.length + d]));
  const size = (dims: readonly number[]): number => numelOf(dims.map((d) => node.out[d]!));
  return size(rows) >= size(columns)
    ? { left, right, rows, columns, batch, reduced }
    : { left: right, right: left, rows: columns, columns: rows, batch, reduced };
}

/** Rows of the matrix product below this are better done one element at a time. */
const LEAST_TILED = 16;

/** Whether the product has enough rows and columns for tiles to pay. */
export function isTiled({ rows, columns }: Product, node: ReduceNode): boolean {
  return numelOf([...rows, ...columns].map((d) => node.out[d]!)) >= LEAST_TILED;
}
