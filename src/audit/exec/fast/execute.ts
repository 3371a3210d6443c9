import {
  type AuditGraph,
  type AuditNode,
  resultDType,
  resultSize,
  type Tensor,
  type TensorArray,
} from "../../graph.js";
import { internalError } from "../../../errors.js";
import { isFloating } from "../../signatures.js";
import { checkRun } from "../inputs.js";
import { createArena, MemoryGrew } from "./arena.js";
import { cutIntoBoxes } from "./boxes.js";
import { type Engine, engineOf, type KernelChoice } from "./engine.js";
import { canonicalise } from "./float-kernels.js";
import { epilogue, gatherProducer, mapProducer, type Producer } from "./map.js";
import { canonicalBools, type Memory } from "./memory.js";
import { reduceInto } from "./reduce.js";

/** Elements that a map, gather or epilogue handles at a time: a few arrays of them stay in a first-level cache. */
const BOX = 4096;

export interface RunOptions {
  /**
   * Called with every node's result as soon as it is known. What is not an output is lent: it changes after the call, and its NaNs
   * may have any payload.
   */
  readonly onNode?: (node: number, result: Tensor) => void;
}

/** A graph made ready to run any number of times; what a run returns is the caller's own. */
export interface Executor {
  /**
   * @param inputs the unbound inputs, in graph order
   * @returns the results of all nodes, in order
   * @throws TouchstoneError `INPUT_MISMATCH`
   */
  trace(inputs: readonly Tensor[]): Tensor[];
  /**
   * @param inputs the unbound inputs, in graph order
   * @returns the outputs alone, in graph order, in the shapes of the output list
   * @throws TouchstoneError `INPUT_MISMATCH`
   */
  answer(inputs: readonly Tensor[], options?: RunOptions): Tensor[];
  /** What the last run took. */
  readonly last: RunFigures;
}

export interface RunFigures {
  /** Most bytes of kernel memory in use: inputs, results that are still to be read, and room to work. */
  readonly peakBytes: number;
  /** Sums that only the exact accumulator could round. */
  readonly undecided: number;
}

/** The work of a graph laid out in the kernels' memory. */
interface Layout {
  /** The memory that it belongs to. */
  readonly buffer: ArrayBuffer;
  readonly inputs: readonly TensorArray[];
  readonly nodes: readonly { readonly result: TensorArray; readonly run: () => void }[];
  readonly peak: number;
}

/**
 * Prepares a graph. It runs in binary64 where that decides, and exactly where it does not: the same bits as the reference executor,
 * with any choice of kernels.
 *
 * Runs throw a TouchstoneError `NODE_ILL_FORMED` where the graph is ill-formed.
 */
export function createExecutor(graph: AuditGraph, kernels: KernelChoice = "best"): Executor {
  const engine = engineOf(kernels);
  const lastReader = lastReaders(graph);
  const weights = graph.weights.map(canonicalBools);
  const wanted = new Set(graph.outputs.map(({ node }) => node));
  let layout: Layout | undefined;
  let last: RunFigures = { peakBytes: 0, undecided: 0 };

  const run = (inputs: readonly Tensor[], visit: (node: number, result: TensorArray) => void): void => {
    checkRun(graph, inputs);
    if (running.has(engine)) throw internalError("a graph is run inside the run of another one");
    running.add(engine);
    try {
      if (layout?.buffer !== engine.buffer()) layout = layOut(graph, weights, lastReader, engine);
      const { nodes, peak } = layout;
      layout.inputs.forEach((array, i) => (array as Uint8Array).set(canonicalBools(inputs[i]!) as Uint8Array));
      engine.kernels.takeUndecided();
      nodes.forEach(({ run: runNode, result }, i) => {
        runNode();
        visit(i, result);
      });
      last = { peakBytes: peak, undecided: engine.kernels.takeUndecided() };
    } finally {
      running.delete(engine);
    }
  };

  const lent = (node: number, data: TensorArray): Tensor => {
    const of = graph.nodes[node]!;
    return { dtype: resultDType(of), shape: of.out, data };
  };
  const tensor = (node: number, data: TensorArray): Tensor => {
    const own = lent(node, data.slice());
    if (isFloating(own.dtype)) canonicalise(own.data);
    return own;
  };

  return {
    trace: (inputs) => {
      const results: Tensor[] = [];
      run(inputs, (i, data) => results.push(tensor(i, data)));
      return results;
    },
    answer: (inputs, { onNode } = {}) => {
      const outputs = new Map<number, Tensor>();
      run(inputs, (i, data) => {
        const own = wanted.has(i) ? tensor(i, data) : undefined;
        if (own !== undefined) outputs.set(i, own);
        onNode?.(i, own ?? lent(i, data));
      });
      return graph.outputs.map(({ node, shape }) => ({ ...outputs.get(node)!, shape }));
    },
    get last() {
      return last;
    },
  };
}

/** Engines in the middle of a run: their memory holds one at a time. */
const running = new WeakSet<Engine>();

/** Executors of graphs that are still in use: a graph never changes, and is run many times. */
const executors = new WeakMap<AuditGraph, Executor>();

/** The one executor of a graph. */
export function executorOf(graph: AuditGraph): Executor {
  const executor = executors.get(graph) ?? createExecutor(graph);
  executors.set(graph, executor);
  return executor;
}

/** The results of all nodes: `trace` of the graph's executor. */
export function executeFast(graph: AuditGraph, inputs: readonly Tensor[]): Tensor[] {
  return executorOf(graph).trace(inputs);
}

/** The outputs: `answer` of the graph's executor. */
export function answer(graph: AuditGraph, inputs: readonly Tensor[], options?: RunOptions): Tensor[] {
  return executorOf(graph).answer(inputs, options);
}

/** By node: the nodes and inputs whose elements it is the last to read; its own, if nobody reads it. */
interface LastReaders {
  readonly nodes: ReadonlyMap<number, readonly number[]>;
  readonly inputs: ReadonlyMap<number, readonly number[]>;
}

function lastReaders(graph: AuditGraph): LastReaders {
  const nodes = graph.nodes.map((_, i) => i);
  const inputs = graph.inputs.map(() => 0);
  graph.nodes.forEach((node, i) => {
    for (const { source } of [...node.operands, ...node.steps.flatMap((step) => step.operands)]) {
      if (source.kind === "node") nodes[source.index] = i;
      if (source.kind === "input") inputs[source.index] = i;
    }
  });
  const byReader = (last: readonly number[]): ReadonlyMap<number, readonly number[]> => {
    const groups = new Map<number, number[]>();
    last.forEach((reader, read) => groups.set(reader, [...(groups.get(reader) ?? []), read]));
    return groups;
  };
  return { nodes: byReader(nodes), inputs: byReader(inputs) };
}

function layOut(graph: AuditGraph, weights: readonly TensorArray[], last: LastReaders, engine: Engine): Layout {
  for (;;) {
    try {
      return tryLayOut(graph, weights, last, engine);
    } catch (thrown) {
      if (!(thrown instanceof MemoryGrew)) throw thrown;
    }
  }
}

/** Gives every input and result its place, which is free for others before its node and after its last reader. */
function tryLayOut(graph: AuditGraph, weights: readonly TensorArray[], last: LastReaders, engine: Engine): Layout {
  const arena = createArena(engine);
  const inputs = graph.inputs.map(({ dtype, shape }) =>
    arena.array(
      dtype,
      shape.reduce((n, extent) => n * extent, 1),
    ),
  );
  const results: TensorArray[] = [];
  const memory: Memory = {
    arena,
    kernels: engine.kernels,
    load: ({ kind, index }) => (kind === "weight" ? weights : kind === "input" ? inputs : results)[index]!,
  };
  const nodes = graph.nodes.map((node, i) => {
    const prepared = prepareNode(node, memory);
    results[i] = prepared.result;
    for (const read of last.nodes.get(i) ?? []) arena.free(results[read]!);
    for (const read of last.inputs.get(i) ?? []) arena.free(inputs[read]!);
    return prepared;
  });
  return { buffer: engine.buffer(), inputs, nodes, peak: arena.peak() };
}

function prepareNode(node: AuditNode, memory: Memory): Layout["nodes"][number] {
  const { arena } = memory;
  const dtype = resultDType(node);
  const size = resultSize(node);
  if (node.kind !== "reduce") {
    const result = arena.array(dtype, size);
    return { result, run: arena.temporary(() => boxwise(node, result, memory)) };
  }
  const values = arena.array(node.dtype, size);
  const reduce = arena.temporary(() => reduceInto(node, values, memory));
  if (node.steps.length === 0) return { result: values, run: reduce };
  const result = arena.array(dtype, size);
  const finish = arena.temporary(() => boxwise(node, result, memory, values));
  arena.free(values);
  return {
    result,
    run: () => {
      reduce();
      finish();
    },
  };
}

/** Prepares a map or gather, or the epilogue of a reduction with the given values, box by box. */
function boxwise(node: AuditNode, result: TensorArray, memory: Memory, values?: TensorArray): () => void {
  const boxes = cutIntoBoxes(node.out, BOX);
  const own = producer();
  if (node.steps.length === 0) {
    return () => {
      own.start();
      boxes.forEach((index, first) => own.produce(index, first, result.subarray(first, first + boxes.size)));
    };
  }
  const after = epilogue(node, boxes, memory);
  const scratch = memory.arena.array(node.dtype, boxes.size);
  return () => {
    own.start();
    after.start();
    boxes.forEach((index, first) => {
      after.finish(own.produce(index, first, scratch), index, result.subarray(first, first + boxes.size));
    });
  };

  function producer(): Producer {
    if (node.kind === "map") return mapProducer(node, boxes, memory);
    if (node.kind === "gather") return gatherProducer(node, boxes, memory);
    return { start: () => undefined, produce: (_index, first) => values!.subarray(first, first + boxes.size) };
  }
}
