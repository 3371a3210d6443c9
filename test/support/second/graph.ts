import { AbiCoder, concat, getBytes, keccak256 } from "ethers";

import { F32, round, sum, product, quotient, integer, type Real } from "./floats.js";
import { apply, copy, extremum, rank, real, whole, WIDTH } from "./scalars.js";

/*
 * Sections 2, 3 and 5 of docs/audit.md for the second implementation: nodes from their bytes, element by element.
 */

/** A tensor as committed: elements big-endian, one after the other. */
export interface Bytes {
  readonly dtype: number;
  readonly bytes: string;
}

interface Form {
  readonly base: bigint;
  readonly coef: readonly bigint[];
}
interface Guard extends Form {
  readonly divisor: bigint;
  readonly extent: bigint;
  readonly stride: bigint;
}
interface Operand extends Form {
  readonly source: number;
  readonly dtype: number;
  readonly index: number;
  readonly fill: bigint;
  readonly guards: readonly Guard[];
}
interface Call {
  readonly fn: number;
  readonly dtype: number;
  readonly chain: number;
  readonly operands: readonly Operand[];
}
interface Node extends Call {
  readonly kind: number;
  readonly out: readonly number[];
  readonly red: readonly number[];
  readonly attributes: Uint8Array;
  readonly steps: readonly Call[];
}

const big = (bytes: Uint8Array): bigint => bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
const many = <T>(n: number, make: () => T): T[] => Array.from({ length: n }, make);

export function parse(encoded: string): Node {
  const data = getBytes(encoded);
  let at = 0;
  const take = (n: number): Uint8Array => data.slice(at, (at += n));
  const unsigned = (n: number): number => Number(big(take(n)));
  const signed = (): bigint => BigInt.asIntN(32, big(take(4)));
  const [kind, fn, dtype, outRank, redRank, operandCount, stepCount, attrLen] = many(8, () => unsigned(1)) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const extents = many(outRank + redRank, () => unsigned(4));
  const attributes = take(attrLen);
  const coefs = (): bigint[] => many(extents.length, signed);
  const guard = (): Guard => {
    const [base, divisor, extent, stride] = [signed(), big(take(4)), big(take(4)), signed()];
    return { base, divisor, extent, stride, coef: coefs() };
  };
  const operand = (): Operand => {
    const [source, type, guardCount] = [unsigned(1), unsigned(1), unsigned(1)];
    if (source === 3) return { source, dtype: type, index: 0, fill: big(take(8)), guards: [], base: 0n, coef: [] };
    const index = unsigned(4);
    if (source === 1) take(32);
    take(4);
    const [base, coef] = [signed(), coefs()];
    const fill = guardCount > 0 ? big(take(8)) : 0n;
    return { source, dtype: type, index, base, coef, fill, guards: many(guardCount, guard) };
  };
  const operands = many(operandCount, operand);
  const steps = many(stepCount, (): Call => {
    const [stepFn, type, chain, count] = [unsigned(1), unsigned(1), unsigned(1), unsigned(1)];
    return { fn: stepFn, dtype: type, chain, operands: many(count, operand) };
  });
  return {
    kind,
    fn,
    dtype,
    chain: 0,
    out: extents.slice(0, outRank),
    red: extents.slice(outRank),
    attributes,
    operands,
    steps,
  };
}

/** All indices of an index space, row-major. */
function indices(extents: readonly number[]): number[][] {
  return extents.reduce<number[][]>(
    (all, extent) => all.flatMap((x) => Array.from({ length: extent }, (_, i) => [...x, i])),
    [[]],
  );
}

function form({ base, coef }: Form, x: readonly number[]): bigint {
  return coef.reduce((value, c, d) => value + c * BigInt(x[d]!), base);
}

/** Address read at an index; undefined where a guard fails. */
export function address(
  operand: Form & { readonly guards: readonly Guard[] },
  x: readonly number[],
): bigint | undefined {
  let at = form(operand, x);
  for (const guard of operand.guards) {
    const value = form(guard, x);
    if (value < 0n || value % guard.divisor !== 0n || value / guard.divisor >= guard.extent) return undefined;
    at += guard.stride * (value / guard.divisor);
  }
  return at;
}

/** Tensors by source: inputs, weights, results. */
type Memory = readonly [readonly Bytes[], readonly Bytes[], readonly Bytes[]];

function load(memory: Memory, { source, index, dtype }: Operand, at: bigint): bigint {
  const width = WIDTH[dtype]!;
  return big(
    getBytes(memory[source as 0 | 1 | 2][index]!.bytes).subarray(Number(at) * width, (Number(at) + 1) * width),
  );
}

function value(memory: Memory, operand: Operand, x: readonly number[]): bigint {
  if (operand.source === 3) return operand.fill;
  const at = address(operand, x);
  return at === undefined ? operand.fill : load(memory, operand, at);
}

function best(node: Node, list: readonly bigint[]): number {
  const dtype = node.operands[0]!.dtype;
  const [smallest, last] = [node.fn === 70 || node.fn === 72, node.fn >= 71];
  const better = (x: bigint, y: bigint): number => {
    const nan = (bits: bigint): number => Number(real(bits, dtype) === "nan");
    return nan(x) || nan(y) ? nan(x) - nan(y) : rank(x, y, dtype) * (smallest ? -1 : 1);
  };
  let at = 0;
  list.forEach((bits, k) => {
    const compared = better(bits, list[at]!);
    if (compared > 0 || (compared === 0 && last)) at = k;
  });
  return at;
}

function reduce(node: Node, memory: Memory, x: readonly number[]): bigint {
  const [first, second, bias] = node.operands as [Operand, Operand?, Operand?];
  const all = indices(node.red);
  const list = (operand: Operand): bigint[] => all.map((k) => value(memory, operand, [...x, ...k]));
  const terms = list(first);
  const zero = [...x, ...node.red.map(() => 0)];
  if (node.fn <= 66) {
    const factors = second && list(second);
    const added = bias && value(memory, bias, zero);
    if (node.dtype === 1) {
      const parts: Real[] = terms.map((bits, k) =>
        factors ? product(real(bits, 1), real(factors[k]!, 1)) : real(bits, 1),
      );
      const total = sum(added === undefined ? parts : [...parts, real(added, 1)]);
      return round(node.fn === 66 ? quotient(total, integer(BigInt(terms.length))) : total, F32);
    }
    const total = terms.reduce(
      (so, bits, k) => so + whole(bits, first.dtype) * (factors ? whole(factors[k]!, second.dtype) : 1n),
      added === undefined ? 0n : whole(added, node.dtype),
    );
    return BigInt.asUintN(8 * WIDTH[node.dtype]!, total);
  }
  if (node.fn <= 68)
    return terms.map((bits) => copy(bits, node.dtype)).reduce((a, b) => extremum(node.fn === 67, a, b, node.dtype));
  if (node.fn <= 72) return BigInt(best(node, terms));
  const [ranks, largest] = node.attributes as unknown as [number, number];
  const from = node.out.length - ranks;
  const k = node.out.slice(from).reduce((number, extent, d) => number * extent + x[from + d]!, 0);
  const order = terms.map((_, i) => i);
  order.sort((i, j) => rank(terms[i]!, terms[j]!, first.dtype) * (largest ? -1 : 1) || i - j);
  return BigInt(order[k]!);
}

function gather(node: Node, memory: Memory, x: readonly number[]): bigint {
  const [table, ...operands] = node.operands as [Operand, ...Operand[]];
  const at = operands.reduce((so, operand, i) => {
    const attribute = node.attributes.slice(8 * i, 8 * i + 8);
    const stride = BigInt.asIntN(32, big(attribute.slice(0, 4)));
    const extent = big(attribute.slice(4));
    let j = whole(value(memory, operand, x), operand.dtype);
    if (j < 0n) j += extent;
    return so + stride * (j < 0n ? 0n : j >= extent ? extent - 1n : j);
  }, address(table, x)!);
  return copy(load(memory, table, at), node.dtype);
}

function own(node: Node, memory: Memory, x: readonly number[]): bigint {
  if (node.kind === 1) return reduce(node, memory, x);
  if (node.kind === 2) return gather(node, memory, x);
  const chosen =
    node.fn === 56 ? [node.operands.find((o) => o.source === 3 || address(o, x) !== undefined)!] : node.operands;
  return apply(
    node.fn,
    chosen.map(({ dtype }) => dtype),
    node.dtype,
    chosen.map((operand) => value(memory, operand, x)),
  );
}

/** The result of a node, as committed. */
export function evaluate(node: Node, memory: Memory): Bytes {
  const tail = node.red.map(() => 0);
  const dtype = node.steps.at(-1)?.dtype ?? node.dtype;
  const elements = indices(node.out).map((x) => {
    let running = own(node, memory, x);
    let type = node.dtype;
    for (const step of node.steps) {
      const values = step.operands.map((operand) => value(memory, operand, [...x, ...tail]));
      const types = step.operands.map((operand) => operand.dtype);
      values.splice(step.chain, 0, running);
      types.splice(step.chain, 0, type);
      running = apply(step.fn, types, step.dtype, values);
      type = step.dtype;
    }
    return running.toString(16).padStart(2 * WIDTH[dtype]!, "0");
  });
  return { dtype, bytes: `0x${elements.join("")}` };
}

/** The results of all nodes. */
export function run(nodes: readonly string[], inputs: readonly Bytes[], weights: readonly Bytes[]): Bytes[] {
  const results: Bytes[] = [];
  for (const encoded of nodes) results.push(evaluate(parse(encoded), [inputs, weights, results]));
  return results;
}

const NOTHING = `0x${"00".repeat(32)}`;

/** Root over leaf hashes, padded with the given one to a power of two. */
function root(leaves: readonly string[], empty: string): string {
  if (leaves.length === 1) return leaves[0]!;
  const above = Array.from({ length: Math.ceil(leaves.length / 2) }, (_, i) =>
    keccak256(concat([leaves[2 * i]!, leaves[2 * i + 1] ?? empty])),
  );
  return root(above, keccak256(concat([empty, empty])));
}

export function tensorRoot({ bytes }: Bytes): string {
  const data = getBytes(bytes);
  if (data.length === 0) return NOTHING;
  const leaves = Array.from({ length: Math.ceil(data.length / 256) }, (_, i) => {
    const leaf = new Uint8Array(256);
    leaf.set(data.subarray(256 * i, 256 * i + 256));
    return keccak256(leaf);
  });
  return root(leaves, keccak256(new Uint8Array(256)));
}

export const listRoot = (hashes: readonly string[]): string => (hashes.length === 0 ? NOTHING : root(hashes, NOTHING));
export const listHash = (hashes: readonly string[]): string => keccak256(concat(hashes));
export const graphRoot = (nodes: readonly string[]): string => listRoot(nodes.map((node) => keccak256(node)));

/** A list tree has ceil(log2 n) levels, a demand reveals eight. */
const demands = (leaves: number): number => Math.ceil(Math.ceil(Math.log2(leaves)) / 8);

/** `L`, section 5. */
export function longestChain(results: readonly Bytes[]): number {
  const list = results.length > 2048 ? demands(results.length) : 0;
  const tensors = results.map(({ bytes }) => demands(Math.ceil((bytes.length - 2) / 2 / 256)));
  return list + Math.max(...tensors) + 1;
}

export interface Model {
  readonly format: number;
  readonly profile: number;
  readonly maxProofBytes: number;
  readonly maxProofGas: number;
  readonly inputs: readonly {
    readonly dtype: number;
    readonly lo: string;
    readonly hi: string;
    readonly shape: number[];
  }[];
  readonly outputs: readonly {
    readonly dtype: number;
    readonly node: number;
    readonly atol: number;
    readonly rtol: number;
    readonly shape: number[];
  }[];
}

/** Head and tail of one tuple with dynamic parts, as the ABI wants it: section 5 names the fields. */
export function contentId(
  model: Model,
  parts: {
    readonly nodes: readonly string[];
    readonly weights: readonly Bytes[];
    readonly bound: readonly Bytes[];
    readonly depth: number;
  },
): string {
  const inputs = "tuple(uint8,uint64,uint64,uint32[])[]";
  const outputs = "tuple(uint8,uint32,uint32,uint32,uint32[])[]";
  const fields = `tuple(uint16,bytes32,uint32,bytes32,bytes32,uint8,uint32,uint32,uint8,${inputs},${outputs})`;
  return keccak256(
    AbiCoder.defaultAbiCoder().encode(
      [fields],
      [
        [
          model.format,
          graphRoot(parts.nodes),
          parts.nodes.length,
          listRoot(parts.weights.map(tensorRoot)),
          parts.bound.length === 0 ? NOTHING : listHash(parts.bound.map(tensorRoot)),
          model.profile,
          model.maxProofBytes,
          model.maxProofGas,
          parts.depth,
          model.inputs.map(({ dtype, lo, hi, shape }) => [dtype, lo, hi, shape]),
          model.outputs.map(({ dtype, node, atol, rtol, shape }) => [dtype, node, atol, rtol, shape]),
        ],
      ],
    ),
  );
}
