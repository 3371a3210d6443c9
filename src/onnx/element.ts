/**
 * Element types that the reader turns into host arrays. The names up to `u64` are those of the audit graph; `f16` and
 * `bf16` elements are held widened to binary32, 4-bit integers one a byte, so that no value is ever changed.
 */
export type ElementType =
  "f32" | "u8" | "i8" | "u16" | "i16" | "i32" | "i64" | "bool" | "u32" | "u64" | "f64" | "f16" | "bf16" | "u4" | "i4";

export type ElementArray =
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

/** A tensor in host memory, row-major. A `Tensor` of the audit graph is one. */
export interface OnnxTensor {
  readonly dtype: ElementType;
  readonly shape: readonly number[];
  readonly data: ElementArray;
}

interface ElementInfo {
  readonly code: number;
  /** Bits of one element in `raw_data`. */
  readonly bits: 4 | 8 | 16 | 32 | 64;
}

/** Codes of `TensorProto.DataType`. */
export const ELEMENT: Readonly<Record<ElementType, ElementInfo>> = {
  f32: { code: 1, bits: 32 },
  u8: { code: 2, bits: 8 },
  i8: { code: 3, bits: 8 },
  u16: { code: 4, bits: 16 },
  i16: { code: 5, bits: 16 },
  i32: { code: 6, bits: 32 },
  i64: { code: 7, bits: 64 },
  bool: { code: 9, bits: 8 },
  f16: { code: 10, bits: 16 },
  f64: { code: 11, bits: 64 },
  u32: { code: 12, bits: 32 },
  u64: { code: 13, bits: 64 },
  bf16: { code: 16, bits: 16 },
  u4: { code: 21, bits: 4 },
  i4: { code: 22, bits: 4 },
};

/** Names of the codes, those that are not read included, for messages. */
const CODE_NAMES: readonly string[] = [
  "undefined",
  "float32",
  "uint8",
  "int8",
  "uint16",
  "int16",
  "int32",
  "int64",
  "string",
  "bool",
  "float16",
  "float64",
  "uint32",
  "uint64",
  "complex64",
  "complex128",
  "bfloat16",
  "float8e4m3fn",
  "float8e4m3fnuz",
  "float8e5m2",
  "float8e5m2fnuz",
  "uint4",
  "int4",
  "float4e2m1",
  "float8e8m0",
  "uint2",
  "int2",
];

const TYPE_OF_CODE = new Map(
  Object.entries(ELEMENT).map(([type, info]): [number, ElementType] => [info.code, type as ElementType]),
);

/** The element type of a `TensorProto.DataType` code, undefined where it is not read. */
export function elementType(code: number): ElementType | undefined {
  return TYPE_OF_CODE.get(code);
}

/** ONNX's name of a data type code, for messages. */
export function codeName(code: number): string {
  return CODE_NAMES[code] ?? `data type ${code}`;
}

/** A zeroed host array for `count` elements. */
export function allocate(type: ElementType, count: number): ElementArray {
  switch (type) {
    case "f32":
    case "f16":
    case "bf16":
      return new Float32Array(count);
    case "f64":
      return new Float64Array(count);
    case "u8":
    case "bool":
    case "u4":
      return new Uint8Array(count);
    case "i8":
    case "i4":
      return new Int8Array(count);
    case "u16":
      return new Uint16Array(count);
    case "i16":
      return new Int16Array(count);
    case "i32":
      return new Int32Array(count);
    case "u32":
      return new Uint32Array(count);
    case "i64":
      return new BigInt64Array(count);
    case "u64":
      return new BigUint64Array(count);
  }
}
