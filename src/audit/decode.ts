import { TouchstoneError } from "../errors.js";
import { SOURCE_CODE } from "./encode.js";
import {
  type AuditNode,
  type DType,
  DTYPE_CODE,
  type Guard,
  KIND_CODE,
  type MapFn,
  MAP_FN,
  type Operand,
  REDUCE_FN,
  type ReduceFn,
  type Step,
} from "./graph.js";

function ill(message: string): TouchstoneError {
  return new TouchstoneError("NODE_ILL_FORMED", message, {
    next: "Do not accuse with this graph: every trace that contains the node is inconsistent.",
  });
}

function inverse<K extends string>(codes: Readonly<Record<K, number>>): ReadonlyMap<number, K> {
  return new Map((Object.entries(codes) as [K, number][]).map(([name, code]) => [code, name]));
}

const DTYPES = inverse(DTYPE_CODE);
const KINDS = inverse(KIND_CODE);
const MAPS = inverse(MAP_FN);
const REDUCES = inverse(REDUCE_FN);
const SOURCES = inverse(SOURCE_CODE);

class Reader {
  private at = 0;
  private readonly view: DataView;

  constructor(private readonly data: Uint8Array) {
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  private skip(bytes: number): number {
    if (this.at + bytes > this.data.length) throw ill("the encoding ends too early");
    this.at += bytes;
    return this.at - bytes;
  }

  u8 = (): number => this.view.getUint8(this.skip(1));
  u32 = (): number => this.view.getUint32(this.skip(4));
  i32 = (): number => this.view.getInt32(this.skip(4));
  u64 = (): bigint => this.view.getBigUint64(this.skip(8));
  bytes = (n: number): Uint8Array => {
    const from = this.skip(n);
    return this.data.slice(from, from + n);
  };

  /** `n` things in order. */
  many<T>(n: number, read: () => T): T[] {
    return Array.from({ length: n }, read);
  }

  known<K>(names: ReadonlyMap<number, K>, what: string): K {
    const code = this.u8();
    const name = names.get(code);
    if (name === undefined) throw ill(`unknown ${what} ${code}`);
    return name;
  }

  end(): void {
    if (this.at < this.data.length) throw ill(`${this.data.length - this.at} surplus bytes`);
  }
}

/** A node as read from its committed bytes. */
export interface DecodedNode {
  /** Its label is empty: labels are not committed. */
  readonly node: AuditNode;
  /** Tensor root of each operand that reads a weight, by operand number (the node's first, then those of its steps). */
  readonly weightRoots: ReadonlyMap<number, Uint8Array>;
}

/** Operands are numbered through as they are read. */
class OperandReader {
  readonly weightRoots = new Map<number, Uint8Array>();
  private number = 0;

  constructor(
    private readonly read: Reader,
    private readonly rank: number,
  ) {}

  operand = (): Operand => {
    const { read, rank } = this;
    const number = this.number++;
    const kind = read.known(SOURCES, "source");
    const dtype = read.known<DType>(DTYPES, "dtype");
    const guardCount = read.u8();
    if (kind === "immediate") {
      if (guardCount > 0) throw ill("an immediate with guards");
      return { source: { kind }, dtype, value: read.u64() };
    }
    const index = read.u32();
    if (kind === "weight") this.weightRoots.set(number, read.bytes(32));
    const numel = read.u32();
    const base = read.i32();
    const coef = read.many(rank, read.i32);
    const fill = guardCount > 0 ? read.u64() : 0n;
    const guards = read.many(guardCount, this.guard);
    return { source: { kind, index }, dtype, numel, base, coef, guards, fill };
  };

  private guard = (): Guard => {
    const { read } = this;
    const base = read.i32();
    const divisor = read.u32();
    const extent = read.u32();
    const stride = read.i32();
    return { base, divisor, extent, stride, coef: read.many(this.rank, read.i32) };
  };

  step = (): Step => {
    const { read } = this;
    const fn = read.known<MapFn>(MAPS, "step function");
    if (fn === "pick") throw ill("a step that picks");
    const dtype = read.known<DType>(DTYPES, "dtype");
    const chain = read.u8();
    const operandCount = read.u8();
    return { fn, dtype, chain, operands: read.many(operandCount, this.operand) };
  };
}

/**
 * Reads a node from its committed bytes.
 *
 * @throws TouchstoneError `NODE_ILL_FORMED` where the bytes are not the encoding of a node. Anything else that makes a node
 * ill-formed is found by `illFormed`.
 */
export function decodeNode(bytes: Uint8Array): DecodedNode {
  const read = new Reader(bytes);
  const kind = read.known(KINDS, "kind");
  const fn = read.u8();
  const dtype = read.known<DType>(DTYPES, "dtype");
  const outRank = read.u8();
  const redRank = read.u8();
  const operandCount = read.u8();
  const stepCount = read.u8();
  const attrLen = read.u8();
  const rank = outRank + redRank;
  if (rank > 16) throw ill(`an index space of rank ${rank}`);
  const out = read.many(outRank, read.u32);
  const red = read.many(redRank, read.u32);
  const attr = new Reader(read.bytes(attrLen));
  const reader = new OperandReader(read, rank);
  const operands = read.many(operandCount, reader.operand);
  const steps = read.many(stepCount, reader.step);
  const { weightRoots } = reader;
  read.end();

  const base = { dtype, out, operands, steps, label: "" };
  if (kind !== "reduce" && redRank > 0) throw ill(`a ${kind} with reduction extents`);
  if (kind === "gather") {
    if (fn !== 96) throw ill(`unknown gather function ${fn}`);
    const indices = attr.many(Math.max(0, operandCount - 1), () => ({ stride: attr.i32(), extent: attr.u32() }));
    attr.end();
    return { node: { ...base, kind, fn: "gather", indices }, weightRoots };
  }
  if (kind === "map") {
    attr.end();
    return { node: { ...base, kind, fn: knownFn<MapFn>(MAPS, fn, kind) }, weightRoots };
  }
  const reduceFn = knownFn<ReduceFn>(REDUCES, fn, kind);
  if (reduceFn !== "argkth") {
    attr.end();
    return { node: { ...base, kind, fn: reduceFn, red }, weightRoots };
  }
  const kRank = attr.u8();
  const order = attr.u8();
  attr.end();
  if (order > 1) throw ill(`unknown order ${order} of argkth`);
  return { node: { ...base, kind, fn: reduceFn, red, argkth: { kRank, largest: order === 1 } }, weightRoots };
}

function knownFn<K>(names: ReadonlyMap<number, K>, code: number, kind: string): K {
  const name = names.get(code);
  if (name === undefined) throw ill(`unknown ${kind} function ${code}`);
  return name;
}
