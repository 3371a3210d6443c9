import { allocate, type ElementArray, type ElementType } from "../../onnx/element.js";
import { type DType, DTYPE_CODE, type Tensor, type View } from "../graph.js";
import { executeFast } from "../exec/fast/execute.js";
import { trust } from "../exec/inputs.js";
import { createRuns } from "../view.js";
import { createLinker, toAuditNode } from "./assemble.js";
import { CompileError } from "./errors.js";
import { isView, type RawNode, type RawView } from "./raw.js";
import { product } from "./value.js";

/** Folded nodes up to this size are checked as any graph is that comes from elsewhere. */
const MOST_CHECKED = 2 ** 16;

/** Most elements that a folded constant may have. */
const MAX_ELEMENTS = 2 ** 28;

/** An f32 is moved as bits, so that no copy changes a NaN. */
function movable(data: ElementArray): ElementArray {
  return data instanceof Float32Array ? new Uint32Array(data.buffer, data.byteOffset, data.length) : data;
}

/**
 * The result of a node whose operands are all constant: exactly what an executor makes of it at run time. Copies may have
 * element types that the audit graph does not know.
 */
export function evaluateConstant(node: RawNode, dtype: ElementType): ElementArray {
  checkSize(node.out);
  const [operand] = node.operands;
  if (node.what.kind === "map" && node.what.fn === "copy" && operand && isView(operand))
    return copyElements(operand, node.out);
  if (node.operands.some(({ memory }) => memory && !(memory.dtype in DTYPE_CODE)) || !(dtype in DTYPE_CODE)) {
    throw new CompileError("COMPILE_DTYPE", `It computes with ${dtype} constants`);
  }
  const weights: Tensor[] = [];
  const linker = createLinker({
    weight: (memory) => {
      weights.push({ dtype: memory.dtype as DType, shape: [memory.numel], data: memory.data });
      return weights.length - 1;
    },
  });
  const result = toAuditNode(node, linker);
  const graph = {
    inputs: [],
    weights,
    nodes: [result],
    outputs: [{ name: "", dtype: dtype as DType, shape: node.out, node: 0 }],
    bound: [],
  };
  // Addresses are right by construction, and looking at each takes longer than computing with it.
  if (product(node.out) * product(node.red) > MOST_CHECKED) trust(graph);
  return executeFast(graph, [])[0]!.data;
}

/** Copies the elements of a constant that `view` reads over `extents`. */
export function copyElements(view: RawView, extents: readonly number[]): ElementArray {
  const { memory } = view;
  if (memory.kind !== "const") throw new CompileError("COMPILE_MALFORMED", "A constant that depends on inputs");
  checkSize(extents);
  const result = allocate(memory.dtype, product(extents));
  const to = movable(result);
  const from = movable(memory.data);
  const source: View = { ...view, source: { kind: "weight", index: 0 }, dtype: "u8", numel: memory.numel };
  if (view.guards.length > 0) fillWith(result, view);
  createRuns(
    source,
    extents,
    0,
  )([], (term, termStep, count, address, stride) => {
    for (let i = 0; i < count; i++) to[term + i * termStep] = from[address + i * stride]!;
  });
  return result;
}

function fillWith(data: ElementArray, { fill }: RawView): void {
  const bits = movable(data);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data.fill(BigInt.asIntN(64, fill));
  else if (data instanceof Float64Array) new BigUint64Array(data.buffer).fill(fill);
  else bits.fill(Number(fill) as never);
}

function checkSize(extents: readonly number[]): void {
  const count = product(extents);
  if (count > MAX_ELEMENTS) throw new CompileError("COMPILE_LIMIT", `A constant of ${count} elements`);
}
