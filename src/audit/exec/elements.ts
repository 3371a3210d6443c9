import { DTYPE_BYTES, type DType, type TensorArray } from "../graph.js";

const float = new Float32Array(1);
const floatBits = new Uint32Array(float.buffer);
const double = new Float64Array(1);
const doubleBits = new BigUint64Array(double.buffer);

/** Bits of element `i`; the payload of a NaN is unspecified. */
export function readElement(data: TensorArray, dtype: DType, i: number): bigint {
  const value = data[i]!;
  if (dtype === "f32") {
    float[0] = value as number;
    return BigInt(floatBits[0]!);
  }
  if (dtype === "f64") {
    double[0] = value as number;
    return doubleBits[0]!;
  }
  return BigInt.asUintN(8 * DTYPE_BYTES[dtype], BigInt(value));
}

/** Stores element bits; a NaN keeps its bits. */
export function writeElement(data: TensorArray, dtype: DType, i: number, bits: bigint): void {
  if (dtype === "f32") {
    // As an integer: storing a NaN as a number may change its bits.
    new Uint32Array(data.buffer, data.byteOffset + 4 * i, 1)[0] = Number(bits);
  } else if (dtype === "f64") {
    new BigUint64Array(data.buffer, data.byteOffset + 8 * i, 1)[0] = bits;
  } else if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    data[i] = bits;
  } else {
    // Typed arrays of integers wrap, so that unsigned bits become the signed number.
    data[i] = Number(bits);
  }
}

/** The number that an f32 operand's bits stand for. */
export function floatOf(bits: bigint): number {
  floatBits[0] = Number(bits);
  return float[0]!;
}

/** Bits of the binary32 number nearest to `value`. */
export function bitsOfFloat(value: number): bigint {
  float[0] = value;
  return Number.isNaN(value) ? 0x7fc00000n : BigInt(floatBits[0]!);
}
