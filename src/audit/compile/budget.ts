import { DTYPE_BYTES, type DType, type MapFn } from "../graph.js";
import { CompileError } from "./errors.js";
import { isView, type RawNode, type RawOperand } from "./raw.js";
import { product } from "./value.js";

/*
 * What one compilation may take. Counts, not clocks: a file that is compiled on one machine is compiled on every other.
 */

/** Units of work are about a nanosecond each; bytes are those of all constants read or computed. */
export const BUDGET = { work: 3_000_000_000, bytes: 4 * 2 ** 30 };

/** What a compilation has left to spend. */
export interface Budget {
  /** @throws CompileError `COMPILE_BUDGET`, before the work is done where the caller asks first. */
  spend(cost: { readonly work: number; readonly bytes?: number }): void;
  spent(): { readonly work: number; readonly bytes: number };
}

export function createBudget(limit: { work: number; bytes: number } = BUDGET): Budget {
  let [work, bytes] = [0, 0];
  return {
    spend: (cost) => {
      work += cost.work;
      bytes += cost.bytes ?? 0;
      if (work > limit.work) {
        throw new CompileError("COMPILE_BUDGET", `Compiling takes more than ${limit.work} units of work`);
      }
      if (bytes > limit.bytes) {
        throw new CompileError("COMPILE_BUDGET", `The constants take more than ${limit.bytes} bytes`);
      }
    },
    spent: () => ({ work, bytes }),
  };
}

/** Work units, measured generously. */
export const WORK = {
  /** Looking at one ONNX node. */
  onnxNode: 10_000,
  /** Laying out one node of the audit graph. */
  node: 20_000,
  /** Following one guard of a view along one of its factors. */
  guard: 500,
  /** A weight that a graph declares: the body of a loop does it in every round. */
  weight: 2_000,
  /** Finding the worst alignment of one reduction's reads. */
  alignment: 16,
  /** An element of a table that a lowering makes. */
  tableEntry: 200,
  /** An element that is moved. */
  moved: 2,
} as const;

const MOVES: ReadonlySet<string> = new Set<MapFn | "gather">(["copy", "pick", "where", "gather"]);
const CHEAP: ReadonlySet<string> = new Set<MapFn>([
  "neg", "abs", "sign", "floor", "ceil", "round", "sqrt", "not", "isnan", "isinf", "add", "sub", "mul", "div", "min", "max",
  "and", "or", "xor", "eq", "lt", "le", "prelu", "fma", "quantize", "dequantize", "cast",
]); // prettier-ignore

/** Whether an operation on these types goes through exact integers, one by one. */
function isSlow(node: RawNode): boolean {
  const isWide = (dtype: DType): boolean => dtype === "i64" || dtype === "u64";
  return isWide(node.dtype) || node.operands.some((operand) => isWide(dtypeOf(operand)));
}

const dtypeOf = (operand: RawOperand): DType => (isView(operand) ? (operand.memory.dtype as DType) : operand.dtype);

function perElement(node: RawNode): number {
  const { fn } = node.what;
  if (MOVES.has(fn)) return WORK.moved * node.operands.length;
  if (isSlow(node)) return 800;
  return CHEAP.has(fn) ? 8 : fn === "pow" ? 400 : 80;
}

function perTerm(node: RawNode, terms: number): number {
  const { fn } = node.what;
  if (fn === "argkth") return 20 * Math.ceil(Math.log2(terms + 1));
  if (isSlow(node)) return 100;
  return fn === "dot" ? 2 : 8;
}

/** What evaluating a node with constant operands takes. */
export function foldingCost(node: RawNode): { work: number; bytes: number } {
  const elements = product(node.out);
  const bytes = elements * ((DTYPE_BYTES[node.dtype] as number | undefined) ?? 4);
  if (node.what.kind !== "reduce") return { work: elements * perElement(node), bytes };
  const terms = product(node.red);
  const { argkth } = node.what;
  const lists = argkth ? product(node.out.slice(0, node.out.length - argkth.kRank)) : elements;
  // Bounds on products are taken from whole operands.
  const whole = node.operands.reduce((n, operand) => (isView(operand) ? n + operand.memory.numel : n), 0);
  return { work: lists * terms * perTerm(node, terms) + whole, bytes };
}
