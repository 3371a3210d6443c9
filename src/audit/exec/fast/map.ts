import { newArray } from "../../bytes.js";
import type { AuditNode, GatherNode, MapNode, Operand, Step, TensorArray } from "../../graph.js";
import { createRuns } from "../../view.js";
import { blockPainter, blockReader, type BlockReader } from "./blocks.js";
import { alongDims, type Boxes } from "./boxes.js";
import type { NumberArray } from "./integer-kernels.js";
import { mapKernel } from "./map-kernel.js";
import type { Memory } from "./memory.js";

/** Produces the values of a node's own function in the box at an index; `target` may take them. */
export type Producer = (index: readonly number[], first: number, target: TensorArray) => TensorArray;

export function mapProducer(node: MapNode, boxes: Boxes, memory: Memory): Producer {
  if (node.fn === "pick") return pickProducer(node, boxes, memory);
  const kernel = mapKernel(
    node.fn,
    node.operands.map(({ dtype }) => dtype),
    node.dtype,
  );
  const readers = node.operands.map((operand) => blockReader(operand, boxes, memory));
  return (index, _first, target) => {
    kernel(
      readers.map((read) => read(index)),
      target,
      boxes.size,
    );
    return target;
  };
}

/** Operands paint over each other, the last one first, so that the first one whose guards pass is on top. */
function pickProducer(node: MapNode, boxes: Boxes, memory: Memory): Producer {
  const painters = node.operands.map((operand) => blockPainter(operand, boxes, memory)).reverse();
  return (index, _first, target) => {
    for (const paint of painters) paint(index, target);
    return target;
  };
}

export function gatherProducer(node: GatherNode, boxes: Boxes, memory: Memory): Producer {
  const [table, ...indexOperands] = node.operands as readonly [Extract<Operand, { guards: unknown }>, ...Operand[]];
  const source = memory.load(table.source) as NumberArray;
  const runs = createRuns(alongDims(table, boxes.dims), boxes.extents, boxes.fixed);
  const readers = indexOperands.map((operand) => blockReader(operand, boxes, memory));
  const addresses = new Float64Array(boxes.size);
  return (index, _first, target) => {
    runs(index, (term, termStep, count, address, stride) => {
      for (let i = 0; i < count; i++) addresses[term + i * termStep] = address + i * stride;
    });
    readers.forEach((read, i) => {
      const { stride, extent } = node.indices[i]!;
      const block = read(index);
      for (let k = 0; k < boxes.size; k++) {
        // A 64-bit index that binary64 rounds is out of range either way, and clamped.
        const given = Number(block[k]!);
        const counted = given < 0 ? given + extent : given;
        addresses[k]! += stride * Math.min(Math.max(counted, 0), extent - 1);
      }
    });
    const out = target as NumberArray;
    for (let k = 0; k < boxes.size; k++) out[k] = source[addresses[k]!]!;
    return target;
  };
}

/** Runs a node's epilogue on the values of a box; the last value goes to `target`. */
export type Epilogue = (values: TensorArray, index: readonly number[], target: TensorArray) => void;

export function epilogue(node: AuditNode, boxes: Boxes, memory: Memory): Epilogue {
  let dtype = node.dtype;
  const stages = node.steps.map((step, i) => {
    const stage = createStage(step, dtype, boxes, memory);
    dtype = step.dtype;
    return { ...stage, scratch: i === node.steps.length - 1 ? undefined : newArray(step.dtype, boxes.size) };
  });
  return (values, index, target) => {
    let running = values;
    for (const { kernel, readers, chain, scratch } of stages) {
      const operands = readers.map((read) => read(index));
      operands.splice(chain, 0, running);
      running = scratch ?? target;
      kernel(operands, running, boxes.size);
    }
  };
}

function createStage(step: Step, running: Step["dtype"], boxes: Boxes, memory: Memory) {
  const dtypes = step.operands.map(({ dtype }) => dtype);
  dtypes.splice(step.chain, 0, running);
  const readers: BlockReader[] = step.operands.map((operand) => blockReader(operand, boxes, memory));
  return { kernel: mapKernel(step.fn, dtypes, step.dtype), readers, chain: step.chain };
}
