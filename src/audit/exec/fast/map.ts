import type { AuditNode, GatherNode, MapNode, Operand, Step, TensorArray } from "../../graph.js";
import { blockPainter, blockReader, type BlockReader } from "./blocks.js";
import { alongDims, type Boxes } from "./boxes.js";
import type { NumberArray } from "./integer-kernels.js";
import { mapKernel } from "./map-kernel.js";
import type { Memory } from "./memory.js";
import { createWalker } from "./walker.js";

/** Produces the values of a node's own function, box by box. */
export interface Producer {
  /** To be called before the first box of a run. */
  start(): void;
  /** The values of the box at an index, whose first element has the number `first`; `target` may take them. */
  produce(index: readonly number[], first: number, target: TensorArray): TensorArray;
}

function startAll(readers: readonly BlockReader[]): () => void {
  return () => {
    for (const reader of readers) reader.start();
  };
}

export function mapProducer(node: MapNode, boxes: Boxes, memory: Memory): Producer {
  if (node.fn === "pick") return pickProducer(node, boxes, memory);
  const kernel = mapKernel(
    node.fn,
    node.operands.map(({ dtype }) => dtype),
    node.dtype,
    memory.kernels,
  );
  const readers = node.operands.map((operand) => blockReader(operand, boxes, memory));
  return {
    start: startAll(readers),
    produce: (index, _first, target) => {
      kernel(
        readers.map((reader) => reader.read(index)),
        target,
        boxes.size,
      );
      return target;
    },
  };
}

/** Operands paint over each other, the last one first, so that the first one whose guards pass is on top. */
function pickProducer(node: MapNode, boxes: Boxes, memory: Memory): Producer {
  const painters = node.operands.map((operand) => blockPainter(operand, boxes, memory)).reverse();
  return {
    start: () => undefined,
    produce: (index, _first, target) => {
      for (const paint of painters) paint(index, target);
      return target;
    },
  };
}

export function gatherProducer(node: GatherNode, boxes: Boxes, memory: Memory): Producer {
  const [table, ...indexOperands] = node.operands as readonly [Extract<Operand, { guards: unknown }>, ...Operand[]];
  const source = memory.load(table.source) as NumberArray;
  const runs = createWalker(alongDims(table, boxes.dims), boxes.extents, boxes.fixed);
  const readers = indexOperands.map((operand) => blockReader(operand, boxes, memory));
  const addresses = new Float64Array(boxes.size);
  const produce = (index: readonly number[], _first: number, target: TensorArray): TensorArray => {
    runs(index, (term, termStep, count, address, stride) => {
      for (let i = 0; i < count; i++) addresses[term + i * termStep] = address + i * stride;
    });
    readers.forEach((reader, i) => {
      const { stride, extent } = node.indices[i]!;
      const block = reader.read(index);
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
  return { start: startAll(readers), produce };
}

/** A node's epilogue. */
export interface Epilogue {
  /** To be called before the first box of a run. */
  start(): void;
  /** Runs it on the values of a box; the last value goes to `target`. */
  finish(values: TensorArray, index: readonly number[], target: TensorArray): void;
}

export function epilogue(node: AuditNode, boxes: Boxes, memory: Memory): Epilogue {
  let dtype = node.dtype;
  const stages = node.steps.map((step, i) => {
    const stage = createStage(step, dtype, boxes, memory);
    dtype = step.dtype;
    const isLast = i === node.steps.length - 1;
    return { ...stage, scratch: isLast ? undefined : memory.arena.array(step.dtype, boxes.size) };
  });
  return {
    start: () => {
      for (const { readers } of stages) for (const reader of readers) reader.start();
    },
    finish: (values, index, target) => {
      let running = values;
      for (const { kernel, readers, chain, scratch } of stages) {
        const operands = readers.map((reader) => reader.read(index));
        operands.splice(chain, 0, running);
        running = scratch ?? target;
        kernel(operands, running, boxes.size);
      }
    },
  };
}

function createStage(step: Step, running: Step["dtype"], boxes: Boxes, memory: Memory) {
  const dtypes = step.operands.map(({ dtype }) => dtype);
  dtypes.splice(step.chain, 0, running);
  const readers: BlockReader[] = step.operands.map((operand) => blockReader(operand, boxes, memory));
  return { kernel: mapKernel(step.fn, dtypes, step.dtype, memory.kernels), readers, chain: step.chain };
}
