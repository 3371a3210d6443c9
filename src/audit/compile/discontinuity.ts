import { isView, type Memory, type RawNode } from "./raw.js";

/** A function that jumps, upstream of an output. */
export interface Discontinuity {
  readonly label: string;
  readonly fn: string;
  /** Whether its operands are rounded, so that a native runtime may land on the other side of the jump. */
  readonly noisy: boolean;
  /** Positions of the model outputs it reaches. */
  readonly outputs: readonly number[];
}

const JUMPS: ReadonlySet<string> = new Set([
  "sign",
  "floor",
  "ceil",
  "round",
  "quantize",
  "eq",
  "lt",
  "le",
  "mod",
  "fmod",
  "argmax",
  "argmin",
  "argmaxlast",
  "argminlast",
  "argkth",
]);

/** f32 functions whose result is one of the operands or exact, so that they add no rounding of their own. */
const EXACT: ReadonlySet<string> = new Set([
  "copy",
  "neg",
  "abs",
  "sign",
  "floor",
  "ceil",
  "round",
  "max",
  "min",
  "where",
  "pick",
  "gather",
]);

function jumps(node: RawNode): boolean {
  if (node.continuous) return false;
  if (node.what.fn !== "cast") return JUMPS.has(node.what.fn);
  // To f64 too: a tolerance speaks of f32 alone.
  const from = node.operands[0]?.memory?.dtype;
  return node.dtype !== "f32" && (from === "f32" || from === "f64");
}

/**
 * Finds discontinuous functions and the outputs they reach. Where one is noisy, no tolerance can bound what the native
 * runtime answers.
 *
 * @param nodes in order, before fusion: one function each.
 */
export function findDiscontinuities(nodes: readonly RawNode[], outputs: readonly RawNode[]): Discontinuity[] {
  const noisy = new Set<RawNode>();
  const isNoisy = (memory: Memory | undefined): boolean => memory?.kind === "node" && noisy.has(memory.node);
  const noisyOperands = new Set<RawNode>();
  for (const node of nodes) {
    if (node.operands.some(({ memory }) => isNoisy(memory))) {
      noisyOperands.add(node);
      noisy.add(node);
    } else if (node.dtype === "f32" && !EXACT.has(node.what.fn)) {
      noisy.add(node);
    }
  }
  const reaches = new Map<RawNode, Set<number>>();
  const reach = (node: RawNode): Set<number> => {
    let set = reaches.get(node);
    if (!set) reaches.set(node, (set = new Set()));
    return set;
  };
  outputs.forEach((node, i) => reach(node).add(i));
  const found: Discontinuity[] = [];
  for (const node of [...nodes].reverse()) {
    const own = reach(node);
    for (const operand of [...node.operands, ...node.steps.flatMap((step) => step.operands)]) {
      if (isView(operand) && operand.memory.kind === "node") {
        const upstream = reach(operand.memory.node);
        for (const output of own) upstream.add(output);
      }
    }
    if (jumps(node) && own.size > 0) {
      found.push({
        label: node.label,
        fn: node.what.fn,
        noisy: noisyOperands.has(node),
        outputs: [...own].sort((a, b) => a - b),
      });
    }
  }
  return found.reverse();
}
