import { TouchstoneError } from "../errors.js";
import { DTYPE_BYTES, type DType, type Tensor, type TensorArray } from "./graph.js";

/*
 * Committed element order (docs/audit.md, 1 and 2): row-major, big-endian, NaN as 0x7fc00000 (f64: 0x7ff8000000000000), bool as 0 or 1.
 * Typed arrays are read as host memory, which is little-endian on every machine that runs WebAssembly or Node.
 */

const CANONICAL_NAN = 0x7fc00000;
/** High half of the canonical binary64 NaN; the low one is 0. */
const CANONICAL_DOUBLE_NAN = 0x7ff80000;

function swap32(v: number): number {
  return (v << 24) | ((v & 0xff00) << 8) | ((v >>> 8) & 0xff00) | (v >>> 24);
}

/** Whether binary32 `bits` are a NaN of any payload. */
function isNaNBits(bits: number): boolean {
  return (bits & 0x7fffffff) > 0x7f800000;
}

/** Whether the halves of a binary64 are a NaN of any payload. */
function isDoubleNaN(high: number, low: number): boolean {
  const magnitude = high & 0x7fffffff;
  return magnitude > 0x7ff00000 || (magnitude === 0x7ff00000 && low !== 0);
}

/** Number of elements of a shape. */
export function numelOf(shape: readonly number[]): number {
  return shape.reduce((n, extent) => n * extent, 1);
}

/**
 * Committed bytes of the elements `[first, first + n)` of `data`, written to the start of `out`.
 * `out` must be 4-byte aligned and large enough.
 */
export function writeElements(data: TensorArray, dtype: DType, first: number, n: number, out: Uint8Array): void {
  const width = DTYPE_BYTES[dtype];
  const start = data.byteOffset + first * width;
  if (width === 1) {
    const from = new Uint8Array(data.buffer, start, n);
    if (dtype === "bool") for (let i = 0; i < n; i++) out[i] = from[i] === 0 ? 0 : 1;
    else out.set(from);
    return;
  }
  if (width === 2) {
    const from = new Uint16Array(data.buffer, start, n);
    const to = new Uint16Array(out.buffer, out.byteOffset, n);
    for (let i = 0; i < n; i++) to[i] = (from[i]! << 8) | (from[i]! >>> 8);
    return;
  }
  const from = new Uint32Array(data.buffer, start, (n * width) / 4);
  const to = new Uint32Array(out.buffer, out.byteOffset, from.length);
  if (dtype === "f32") {
    for (let i = 0; i < n; i++) to[i] = swap32(isNaNBits(from[i]!) ? CANONICAL_NAN : from[i]!);
  } else if (width === 4) {
    for (let i = 0; i < n; i++) to[i] = swap32(from[i]!);
  } else {
    for (let i = 0; i < from.length; i += 2) {
      const nan = dtype === "f64" && isDoubleNaN(from[i + 1]!, from[i]!);
      to[i] = swap32(nan ? CANONICAL_DOUBLE_NAN : from[i + 1]!);
      to[i + 1] = nan ? 0 : swap32(from[i]!);
    }
  }
}

/** All committed bytes of a tensor, without padding. */
export function tensorBytes(tensor: Tensor): Uint8Array {
  const out = new Uint8Array(tensor.data.length * DTYPE_BYTES[tensor.dtype]);
  writeElements(tensor.data, tensor.dtype, 0, tensor.data.length, out);
  return out;
}

const ARRAYS = {
  f32: Float32Array,
  u8: Uint8Array,
  i8: Int8Array,
  u16: Uint16Array,
  i16: Int16Array,
  i32: Int32Array,
  i64: BigInt64Array,
  bool: Uint8Array,
  f64: Float64Array,
  u32: Uint32Array,
  u64: BigUint64Array,
} as const;

/** A zeroed typed array that holds `numel` elements of `dtype`. */
export function newArray(dtype: DType, numel: number): TensorArray {
  return new ARRAYS[dtype](numel);
}

/** `numel` elements of `dtype` that lie in a buffer. */
export function arrayIn(buffer: ArrayBuffer, at: number, dtype: DType, numel: number): TensorArray {
  return new ARRAYS[dtype](buffer, at, numel);
}

/**
 * The tensor whose committed bytes are `bytes`.
 *
 * @throws TouchstoneError `TENSOR_BYTES` if the length does not fit the shape, or an element is not canonical (a NaN payload,
 * a bool above 1): such bytes have no tensor with the same root.
 */
export function tensorFromBytes(bytes: Uint8Array, dtype: DType, shape: readonly number[]): Tensor {
  const width = DTYPE_BYTES[dtype];
  const numel = numelOf(shape);
  if (bytes.length !== numel * width) {
    throw new TouchstoneError(
      "TENSOR_BYTES",
      `${numel} elements of ${dtype} take ${numel * width} bytes, not ${bytes.length}`,
      {
        next: "Send the elements row-major and big-endian, without padding.",
      },
    );
  }
  const notCanonical = (element: number): TouchstoneError =>
    new TouchstoneError("TENSOR_BYTES", `element ${element} of a ${dtype} tensor is not canonical`, {
      next: "Write every NaN as 0x7fc00000 (f64: 0x7ff8000000000000) and every bool as 0 or 1.",
    });
  const data = newArray(dtype, numel);
  const to = new Uint8Array(data.buffer);
  if (dtype === "f32") {
    // What most tensors hold, in one pass.
    to.set(bytes);
    const words = new Uint32Array(data.buffer);
    for (let i = 0; i < words.length; i++) {
      const bits = swap32(words[i]!);
      if (isNaNBits(bits) && bits !== CANONICAL_NAN) throw notCanonical(i);
      words[i] = bits;
    }
    return { dtype, shape, data };
  }
  const bad = nonCanonicalElement(bytes, dtype);
  if (bad !== undefined) throw notCanonical(bad);
  if (width === 1) to.set(bytes);
  else if (width === 4) {
    to.set(bytes);
    const words = new Uint32Array(data.buffer);
    for (let i = 0; i < words.length; i++) words[i] = swap32(words[i]!);
  } else
    for (let i = 0; i < to.length; i += width) for (let b = 0; b < width; b++) to[i + b] = bytes[i + width - 1 - b]!;
  return { dtype, shape, data };
}

/** Position of the first element of committed `bytes` that is not canonical, if there is one. */
export function nonCanonicalElement(bytes: Uint8Array, dtype: DType): number | undefined {
  if (dtype === "bool") {
    const at = bytes.findIndex((byte) => byte > 1);
    return at < 0 ? undefined : at;
  }
  if (dtype !== "f32" && dtype !== "f64") return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (dtype === "f64") {
    for (let at = 0; at + 8 <= bytes.length; at += 8) {
      const [high, low] = [view.getUint32(at), view.getUint32(at + 4)];
      if (isDoubleNaN(high, low) && (high !== CANONICAL_DOUBLE_NAN || low !== 0)) return at / 8;
    }
    return undefined;
  }
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const bits = view.getUint32(at) | 0;
    if (isNaNBits(bits) && bits !== CANONICAL_NAN) return at / 4;
  }
  return undefined;
}

/** Bits of element `i` in committed `bytes`, as an unsigned integer. */
export function elementBits(bytes: Uint8Array, dtype: DType, i: number): bigint {
  const width = DTYPE_BYTES[dtype];
  let bits = 0n;
  for (let b = i * width; b < (i + 1) * width; b++) bits = (bits << 8n) | BigInt(bytes[b]!);
  return bits;
}

/** The integer that element bits of an integer dtype (or bool) stand for. */
export function integerOf(bits: bigint, dtype: DType): bigint {
  const width = DTYPE_BYTES[dtype] * 8;
  return dtype.startsWith("i") ? BigInt.asIntN(width, bits) : BigInt.asUintN(width, bits);
}

/** Whether two byte strings are equal. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Concatenation of byte strings. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** ASCII codes of the two digits of every byte, as a 16-bit element holds them. */
const DIGITS = Uint16Array.from({ length: 256 }, (_, byte) => {
  const [high, low] = byte.toString(16).padStart(2, "0");
  return high!.charCodeAt(0) | (low!.charCodeAt(0) << 8);
});
const PREFIX = "0".charCodeAt(0) | ("x".charCodeAt(0) << 8);
/** Values of digits by their ASCII code; -1 for what is none. */
const VALUES = Int8Array.from({ length: 256 }, (_, code) =>
  "0123456789abcdef".indexOf(String.fromCharCode(code).toLowerCase()),
);
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** `0x`-prefixed hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  const out = new Uint16Array(1 + bytes.length);
  out[0] = PREFIX;
  for (let i = 0; i < bytes.length; i++) out[1 + i] = DIGITS[bytes[i]!]!;
  return decoder.decode(out);
}

/**
 * Writes a number given by its hexadecimal digits so that it ends before `end`; bytes in front of it stay as they are.
 * @throws TouchstoneError `HEX` where a character is no such digit.
 */
export function writeDigits(digits: string, out: Uint8Array, end: number): void {
  let seen = 0;
  for (let i = digits.length - 1, at = end - 1; i >= 0; i -= 2, at--) {
    const low = VALUES[digits.charCodeAt(i)] ?? -1;
    const high = i === 0 ? 0 : (VALUES[digits.charCodeAt(i - 1)] ?? -1);
    seen |= high | low;
    out[at] = (high << 4) | low;
  }
  if (seen < 0) throw new TouchstoneError("HEX", `not hexadecimal digits: ${digits.slice(0, 80)}`);
}

/** @throws TouchstoneError `HEX` unless `hex` is `0x` and an even number of hexadecimal digits. */
export function fromHex(hex: string): Uint8Array {
  const digits = encoder.encode(hex);
  const out = new Uint8Array(Math.max(0, (digits.length >> 1) - 1));
  let seen = hex.startsWith("0x") && digits.length % 2 === 0 ? 0 : -1;
  for (let i = 0; i < out.length; i++) {
    const [high, low] = [VALUES[digits[2 * i + 2]!]!, VALUES[digits[2 * i + 3]!]!];
    seen |= high | low;
    out[i] = (high << 4) | low;
  }
  if (seen < 0) throw new TouchstoneError("HEX", `not a 0x-prefixed byte string: ${hex.slice(0, 80)}`);
  return out;
}
