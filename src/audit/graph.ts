/**
 * The audit graph: what a lowered model is. Field meanings and limits: docs/audit.md, sections 1, 3 and 4.
 */

/** Element type; the code is that of ONNX `TensorProto.DataType`. */
export type DType = "f32" | "u8" | "i8" | "u16" | "i16" | "i32" | "i64" | "bool" | "f64" | "u32" | "u64";

export const DTYPE_CODE: Readonly<Record<DType, number>> = {
  f32: 1,
  u8: 2,
  i8: 3,
  u16: 4,
  i16: 5,
  i32: 6,
  i64: 7,
  bool: 9,
  f64: 11,
  u32: 12,
  u64: 13,
};

/** Bytes of one element. */
export const DTYPE_BYTES: Readonly<Record<DType, 1 | 2 | 4 | 8>> = {
  f32: 4,
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  i32: 4,
  i64: 8,
  bool: 1,
  f64: 8,
  u32: 4,
  u64: 8,
};

/** Scalar functions of `map` nodes and epilogue steps, with their codes (docs/audit.md, 4). */
export const MAP_FN = {
  copy: 1,
  neg: 2,
  abs: 3,
  sign: 4,
  floor: 5,
  ceil: 6,
  round: 7,
  sqrt: 8,
  exp: 9,
  log: 10,
  sin: 11,
  cos: 12,
  tan: 13,
  asin: 14,
  acos: 15,
  atan: 16,
  sinh: 17,
  cosh: 18,
  asinh: 19,
  acosh: 20,
  atanh: 21,
  tanh: 22,
  sigmoid: 23,
  erf: 24,
  expm1: 25,
  log1p: 26,
  not: 27,
  isnan: 28,
  isinf: 29,
  cast: 30,
  add: 32,
  sub: 33,
  mul: 34,
  div: 35,
  min: 36,
  max: 37,
  pow: 38,
  mod: 39,
  fmod: 40,
  and: 41,
  or: 42,
  xor: 43,
  shl: 44,
  shr: 45,
  eq: 46,
  lt: 47,
  le: 48,
  prelu: 49,
  where: 52,
  quantize: 53,
  dequantize: 54,
  fma: 55,
  pick: 56,
} as const;

export const REDUCE_FN = {
  dot: 64,
  sum: 65,
  mean: 66,
  max: 67,
  min: 68,
  argmax: 69,
  argmin: 70,
  argmaxlast: 71,
  argminlast: 72,
  argkth: 73,
} as const;

export const GATHER_FN = { gather: 96 } as const;

export const KIND_CODE = { map: 0, reduce: 1, gather: 2 } as const;

export type MapFn = keyof typeof MAP_FN;
export type ReduceFn = keyof typeof REDUCE_FN;

/** A guard of a view: passes when `form = base + coef.x` is >= 0, divisible by `divisor`, and `form / divisor < extent`. */
export interface Guard {
  readonly base: number;
  readonly divisor: number;
  readonly extent: number;
  /** Contribution to the address: `stride * (form / divisor)`. */
  readonly stride: number;
  /** One coefficient per index dimension (outputs, then reductions). */
  readonly coef: readonly number[];
}

/** Where an operand's elements lie: model input, weight tensor or earlier node, by position. */
export interface Source {
  readonly kind: "input" | "weight" | "node";
  readonly index: number;
}

/** An operand that reads tensor memory. */
export interface View {
  readonly source: Source;
  readonly dtype: DType;
  /** Elements of the tensor that is read. */
  readonly numel: number;
  readonly base: number;
  readonly coef: readonly number[];
  readonly guards: readonly Guard[];
  /** Element bits read where a guard fails; 0n and unused without guards. */
  readonly fill: bigint;
}

/** An operand that is one constant. `value` holds the element's bits. */
export interface Immediate {
  readonly source: { readonly kind: "immediate" };
  readonly dtype: DType;
  readonly value: bigint;
}

export type Operand = View | Immediate;

/** One step of an epilogue: `fn` with the running value inserted at position `chain` among `operands`. */
export interface Step {
  readonly fn: Exclude<MapFn, "pick">;
  readonly dtype: DType;
  readonly chain: number;
  readonly operands: readonly Operand[];
}

interface NodeBase {
  /** dtype of the value before the steps. */
  readonly dtype: DType;
  readonly out: readonly number[];
  readonly operands: readonly Operand[];
  readonly steps: readonly Step[];
  /** Provenance for people (ONNX node name and operator); not part of any commitment. */
  readonly label: string;
}

export interface MapNode extends NodeBase {
  readonly kind: "map";
  readonly fn: MapFn;
}

export interface ReduceNode extends NodeBase {
  readonly kind: "reduce";
  readonly fn: ReduceFn;
  readonly red: readonly number[];
  /** Of `argkth` only: number of trailing output extents that enumerate the rank, and the order. */
  readonly argkth?: { readonly kRank: number; readonly largest: boolean };
}

export interface GatherNode extends NodeBase {
  readonly kind: "gather";
  readonly fn: "gather";
  /** Per index operand (operands 1..): stride in A and extent of the indexed axis. */
  readonly indices: readonly { readonly stride: number; readonly extent: number }[];
}

export type AuditNode = MapNode | ReduceNode | GatherNode;

/** Tensor memory: little typed arrays in host order; bool as 0/1 bytes. Shape is row-major. */
export type TensorArray =
  | Float32Array
  | Float64Array
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

export interface Tensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TensorArray;
}

export interface InputSpec {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Domain: canonical elements lo <= x <= hi, as element bits. */
  readonly lo: bigint;
  readonly hi: bigint;
}

export interface OutputSpec {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** The node whose result is this output. */
  readonly node: number;
}

/** A compiled model, before a publisher adds domains and tolerances. */
export interface AuditGraph {
  readonly inputs: readonly InputSpec[];
  /** Constant tensors in order of first use; every one is read by some node. */
  readonly weights: readonly Tensor[];
  readonly nodes: readonly AuditNode[];
  readonly outputs: readonly OutputSpec[];
  /** Names and values of the graph inputs that were bound at compile time. */
  readonly bound: readonly { readonly name: string; readonly tensor: Tensor }[];
}

/** dtype of what a node commits: that of its last step. */
export function resultDType(node: AuditNode): DType {
  return node.steps.at(-1)?.dtype ?? node.dtype;
}

/** Elements of a node's result. */
export function resultSize(node: AuditNode): number {
  return node.out.reduce((n, extent) => n * extent, 1);
}
