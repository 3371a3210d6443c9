import { elementBits, integerOf, tensorBytes } from "../audit/bytes.js";
import { DTYPE_BYTES, type DType, type Tensor } from "../audit/graph.js";

/** Domain of an input: canonical elements `lo <= x <= hi`, as element bits. */
export interface Domain {
  readonly dtype: DType;
  readonly lo: bigint;
  readonly hi: bigint;
}

/** Bits of a floating-point infinity, which lie below those of every NaN. */
const INFINITY = { f32: 0x7f800000n, f64: 0x7ff0000000000000n } as const;

/** Maps the bits of a number to an integer in the same order; -0 equals +0. */
function orderOf(bits: bigint, sign: bigint): bigint {
  return bits < sign ? bits : -(bits - sign);
}

function isInside(bits: bigint, { dtype, lo, hi }: Domain): boolean {
  if (dtype !== "f32" && dtype !== "f64") {
    const x = integerOf(bits, dtype);
    return x >= integerOf(lo, dtype) && x <= integerOf(hi, dtype);
  }
  const sign = 1n << BigInt(8 * DTYPE_BYTES[dtype] - 1);
  const x = orderOf(bits, sign);
  const finite = x < INFINITY[dtype] && x > -INFINITY[dtype];
  return finite && x >= orderOf(lo, sign) && x <= orderOf(hi, sign);
}

const LARGEST = 2 ** 128 - 2 ** 104;

/** Ends of a domain of binary32 as numbers: comparisons of these are those of the values they stand for. */
function endsOf({ lo, hi }: Domain): { readonly from: number; readonly to: number } {
  const ends = new DataView(new ArrayBuffer(8));
  ends.setUint32(0, Number(lo));
  ends.setUint32(4, Number(hi));
  // Infinities are outside even of a domain that says otherwise.
  return { from: Math.max(ends.getFloat32(0), -LARGEST), to: Math.min(ends.getFloat32(4), LARGEST) };
}

/** The same for binary32, which most inputs are. */
function firstOutside32(bytes: Uint8Array, domain: Domain): number | undefined {
  const elements = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { from, to } = endsOf(domain);
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const x = elements.getFloat32(at);
    // False for NaN as well.
    if (!(x >= from && x <= to)) return at / 4;
  }
  return undefined;
}

/** The first element of committed bytes that lies outside the domain; NaN, infinities and a bool of 2 always do. */
export function firstOutside(bytes: Uint8Array, domain: Domain): number | undefined {
  if (domain.dtype === "f32") return firstOutside32(bytes, domain);
  const count = bytes.length / DTYPE_BYTES[domain.dtype];
  for (let i = 0; i < count; i++) if (!isInside(elementBits(bytes, domain.dtype, i), domain)) return i;
  return undefined;
}

/** The first element of a tensor that lies outside the domain. */
export function firstOutsideOf(tensor: Tensor, domain: Domain): number | undefined {
  if (tensor.dtype !== "f32") return firstOutside(tensorBytes(tensor), domain);
  const { from, to } = endsOf(domain);
  const elements = tensor.data as Float32Array;
  for (let i = 0; i < elements.length; i++) if (!(elements[i]! >= from && elements[i]! <= to)) return i;
  return undefined;
}
