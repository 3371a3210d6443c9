import type { AuditGraph, AuditNode, DType, InputSpec, OutputSpec, Tensor, TensorArray } from "../graph.js";
import { createLinker, toAuditNode } from "./assemble.js";
import type { Builder } from "./builder.js";
import { costOf, type Cost, PROOF_LIMIT, withinLimits } from "./cost.js";
import { type Discontinuity, findDiscontinuities } from "./discontinuity.js";
import { CompileError } from "./errors.js";
import { fuse, MAX_RANK } from "./fuse.js";
import { type ConstMemory, costNode, isView, rawDType, type RawNode } from "./raw.js";
import { shapeOf, sizeOf, type Value } from "./value.js";

/** A graph under construction, lowered completely. */
export interface Lowered {
  readonly builder: Builder;
  readonly inputs: readonly InputSpec[];
  readonly outputs: readonly { readonly name: string; readonly value: Value }[];
  readonly bound: AuditGraph["bound"];
}

export interface Finished {
  readonly graph: AuditGraph;
  readonly costs: readonly Cost[];
  readonly discontinuities: readonly Discontinuity[];
}

/** Turns lowered values into the finished graph: outputs committed, dead nodes dropped, epilogues fused, weights numbered. */
export function finish({ builder, inputs, outputs, bound }: Lowered): Finished {
  for (const { name, value } of outputs) {
    if (sizeOf(value) === 0) throw new CompileError("COMPILE_EMPTY", `Output "${name}" has no elements`);
  }
  const heads = outputs.map(({ name, value }) => {
    builder.label = `output ${name}`;
    return builder.commit(value);
  });
  const alive = reachable(builder.nodes, heads);
  const discontinuities = findDiscontinuities(alive, heads);
  const nodes = fuse(alive, new Set(heads));
  const costs = nodes.map((node) => checkLimits(node, nodes.length, inputs.length));

  const weights: Tensor[] = [];
  const numbered = new Map(nodes.map((node, i) => [node, i]));
  const linker = createLinker({ weight: weightTable(weights), nodes: numbered });
  const finished: AuditNode[] = nodes.map((node) => toAuditNode(node, linker));
  const specs = outputs.map(({ name, value }, i): OutputSpec => {
    const head = heads[i]!;
    return { name, dtype: rawDType(head), shape: shapeOf(value), node: numbered.get(head)! };
  });
  return { graph: { inputs, weights, nodes: finished, outputs: specs, bound }, costs, discontinuities };
}

/** The nodes that outputs depend on, in order. */
function reachable(nodes: readonly RawNode[], outputs: readonly RawNode[]): RawNode[] {
  const wanted = new Set(outputs);
  for (const node of [...nodes].reverse()) {
    if (!wanted.has(node)) continue;
    for (const operand of [...node.operands, ...node.steps.flatMap((step) => step.operands)]) {
      if (isView(operand) && operand.memory.kind === "node") wanted.add(operand.memory.node);
    }
  }
  return nodes.filter((node) => wanted.has(node));
}

/** Refuses what the encoding or the arbiter cannot hold, by the name of its node. */
function checkLimits(node: RawNode, nodeCount: number, inputs: number): Cost {
  const tooLarge = (what: string): CompileError => new CompileError("COMPILE_LIMIT", `${node.label}: ${what}`);
  if (node.out.length + node.red.length > MAX_RANK)
    throw tooLarge(`an index space of more than ${MAX_RANK} dimensions`);
  const elements = node.out.reduce((n, extent) => n * extent, 1);
  if (elements >= 2 ** 31) throw tooLarge(`a tensor of ${elements} elements`);
  for (const operand of [...node.operands, ...node.steps.flatMap((step) => step.operands)]) {
    if (!isView(operand)) continue;
    const numbers = [operand.base, ...operand.coef];
    for (const guard of operand.guards) numbers.push(guard.base, guard.stride, ...guard.coef);
    if (numbers.some((x) => x < -(2 ** 31) || x >= 2 ** 31)) throw tooLarge("an address beyond 32 bits");
  }
  const cost = costOf(costNode(node), nodeCount, inputs);
  if (!withinLimits(cost)) {
    throw tooLarge(
      `one element takes up to ${cost.bytes} bytes and ${cost.gas} gas to prove, ` +
        `more than ${PROOF_LIMIT.bytes} bytes or ${PROOF_LIMIT.gas} gas`,
    );
  }
  return cost;
}

/** Numbers constants by first use; equal ones share a number. */
function weightTable(weights: Tensor[]): (memory: ConstMemory) => number {
  const numbers = new Map<ConstMemory, number>();
  const byContent = new Map<string, number[]>();
  return (memory) => {
    const known = numbers.get(memory);
    if (known !== undefined) return known;
    const bytes = new Uint8Array(memory.data.buffer, memory.data.byteOffset, memory.data.byteLength);
    const key = `${memory.dtype}:${memory.numel}:${checksum(bytes)}`;
    const alike = byContent.get(key) ?? [];
    let number = alike.find((i) => sameBytes(weights[i]!.data, bytes));
    if (number === undefined) {
      number = weights.length;
      weights.push({ dtype: memory.dtype as DType, shape: [memory.numel], data: memory.data });
      byContent.set(key, [...alike, number]);
    }
    numbers.set(memory, number);
    return number;
  };
}

/** FNV-1a, only to find candidates. */
function checksum(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

function sameBytes(data: TensorArray, bytes: Uint8Array): boolean {
  const own = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return own.length === bytes.length && own.every((byte, i) => byte === bytes[i]);
}
