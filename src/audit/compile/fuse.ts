import { costOf, withinLimits } from "./cost.js";
import { cloneOperand, mergeDims } from "./merge.js";
import { costNode, isView, type RawNode, type RawOperand, type RawView } from "./raw.js";
import { refine } from "./space.js";
import { ASSUMED_NODES } from "./split.js";
import { product, rowMajor } from "./value.js";

/** Dimensions that a node may have (docs/audit.md, 3). */
export const MAX_RANK = 16;
/** Steps of one node; long chains gain nothing more. */
const MAX_STEPS = 32;

/**
 * Folds every map node into the node that produces one of its operands, where nothing else reads that result: the chain is
 * computed in one node and only its last value committed. The producer takes over the order in which the map lays out
 * its elements, so that transposing copies disappear too.
 *
 * @param outputs nodes whose results are needed as they are.
 * @returns the nodes that remain, in an order in which operands precede their readers.
 */
export function fuse(nodes: readonly RawNode[], outputs: ReadonlySet<RawNode>): RawNode[] {
  const readers = countReaders(nodes);
  const removed = new Set<RawNode>();
  const placed = new Map(nodes.map((node, i) => [node, i]));
  for (const node of nodes) {
    if (node.what.kind !== "map" || node.what.fn === "pick") continue;
    for (const { producer, operand } of candidates(node, placed)) {
      if (readers.get(producer) !== 1 || outputs.has(producer)) continue;
      const fused = join(producer, node, operand);
      if (!fused) continue;
      // The node keeps its identity and place: its readers refer to it.
      Object.assign(node, fused);
      removed.add(producer);
      break;
    }
  }
  return nodes.filter((node) => !removed.has(node));
}

function viewsOf(node: RawNode): RawView[] {
  return [...node.operands, ...node.steps.flatMap((step) => step.operands)].filter(isView);
}

function countReaders(nodes: readonly RawNode[]): Map<RawNode, number> {
  const readers = new Map<RawNode, number>();
  for (const node of nodes) {
    for (const { memory } of viewsOf(node)) {
      if (memory.kind === "node") readers.set(memory.node, (readers.get(memory.node) ?? 0) + 1);
    }
  }
  return readers;
}

/** Operands that read whole results, latest first: the later the producer, the more of the chain is computed in one go. */
function candidates(node: RawNode, placed: ReadonlyMap<RawNode, number>): { producer: RawNode; operand: number }[] {
  return node.operands
    .flatMap((view, operand) =>
      isView(view) && view.memory.kind === "node" && view.guards.length === 0 && view.base === 0
        ? [{ producer: view.memory.node, operand }]
        : [],
    )
    .sort((a, b) => placed.get(b.producer)! - placed.get(a.producer)!);
}

/** The producer with the map node as a further step, or undefined where they do not fit. */
function join(producer: RawNode, map: RawNode, operand: number): RawNode | undefined {
  if (product(producer.out) !== product(map.out) || producer.steps.length + 1 + map.steps.length > MAX_STEPS)
    return undefined;
  if (producer.what.kind === "reduce" && producer.what.fn === "argkth") return undefined;
  const view = map.operands[operand] as RawView;
  // The map's dimensions, sorted as the producer's memory has them, must be that memory in row-major order.
  const sorted = map.out
    .map((extent, d) => ({ extent, coef: view.coef[d]!, d }))
    .filter(({ extent }) => extent > 1)
    .sort((a, b) => b.coef - a.coef);
  const strides = rowMajor(sorted.map(({ extent }) => extent));
  if (!sorted.every(({ coef }, i) => coef === strides[i])) return undefined;
  const parts = refine(
    producer.out,
    sorted.map(({ extent }) => extent),
  );
  if (!parts || parts.length + producer.red.length > MAX_RANK) return undefined;

  // Position in `parts` of every piece of the map's dimensions, in the map's own order.
  const pieces = new Map<number, number[]>();
  let next = 0;
  for (const { extent, d } of sorted) {
    const own: number[] = [];
    for (let covered = 1; covered < extent; covered *= parts[next++]!) own.push(next);
    pieces.set(d, own);
  }
  const order = map.out.flatMap((_, d) => pieces.get(d) ?? []);
  const out = order.map((part) => parts[part]!);

  const producerForm = (form: readonly number[]): number[] => {
    const split = splitForm(form.slice(0, producer.out.length), producer.out, parts);
    return [...order.map((part) => split[part]!), ...form.slice(producer.out.length)];
  };
  const mapForm = (form: readonly number[]): number[] => [
    ...form.flatMap((coef, d) => {
      const own = pieces.get(d) ?? [];
      const steps = rowMajor(own.map((part) => parts[part]!));
      return own.map((_, i) => coef * steps[i]!);
    }),
    ...producer.red.map(() => 0),
  ];
  const rest = map.operands.filter((_, i) => i !== operand).map((other) => reform(other, mapForm));
  const fn = map.what.fn;
  if (map.what.kind !== "map" || fn === "pick") return undefined;
  const fused: RawNode = {
    what: producer.what,
    dtype: producer.dtype,
    out,
    red: [...producer.red],
    operands: producer.operands.map((other) => reform(other, producerForm)),
    steps: [
      ...producer.steps.map((step) => ({
        ...step,
        operands: step.operands.map((other) => reform(other, producerForm)),
      })),
      // A copy only moves elements, which the producer now does.
      ...(fn === "copy"
        ? []
        : [
            {
              fn: map.what.fn as Exclude<typeof map.what.fn, "pick">,
              dtype: map.dtype,
              chain: operand,
              operands: rest,
            },
          ]),
      ...map.steps.map((step) => ({ ...step, operands: step.operands.map((other) => reform(other, mapForm)) })),
    ],
    label: producer.label === map.label ? producer.label : `${producer.label} + ${map.label}`,
    continuous: producer.continuous && map.continuous,
  };
  mergeDims(fused);
  return withinLimits(costOf(costNode(fused), ASSUMED_NODES)) ? fused : undefined;
}

/** Coefficients over `extents`, given over `parts`, which refine them. */
function splitForm(form: readonly number[], extents: readonly number[], parts: readonly number[]): number[] {
  let next = 0;
  return form.flatMap((coef, d) => {
    const own: number[] = [];
    for (let covered = 1; covered < extents[d]!; covered *= own.at(-1)!) own.push(parts[next++]!);
    return rowMajor(own).map((step) => coef * step);
  });
}

function reform(operand: RawOperand, form: (coef: readonly number[]) => number[]): RawOperand {
  const clone = cloneOperand(operand);
  if (!isView(clone)) return clone;
  clone.coef = form(clone.coef);
  for (const guard of clone.guards) guard.coef = form(guard.coef);
  return clone;
}
