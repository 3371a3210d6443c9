import { elementBits, integerOf } from "../audit/bytes.js";
import { DTYPE_BYTES, type DType } from "../audit/graph.js";

/** Domain of an input: canonical elements `lo <= x <= hi`, as element bits. */
export interface Domain {
  readonly dtype: DType;
  readonly lo: bigint;
  readonly hi: bigint;
}

/** Maps binary32 bits of a number to an integer in the same order, -0 next to +0. */
function orderOf(bits: bigint): bigint {
  return bits >> 31n === 1n ? -(bits & 0x7fffffffn) : bits;
}

function isInside(bits: bigint, { dtype, lo, hi }: Domain): boolean {
  if (dtype !== "f32") {
    const x = integerOf(bits, dtype);
    return x >= integerOf(lo, dtype) && x <= integerOf(hi, dtype);
  }
  const finite = ((bits >> 23n) & 0xffn) !== 0xffn;
  return finite && orderOf(bits) >= orderOf(lo) && orderOf(bits) <= orderOf(hi);
}

/** The first element of committed bytes that lies outside the domain; NaN, infinities and a bool of 2 always do. */
export function firstOutside(bytes: Uint8Array, domain: Domain): number | undefined {
  const count = bytes.length / DTYPE_BYTES[domain.dtype];
  for (let i = 0; i < count; i++) if (!isInside(elementBits(bytes, domain.dtype, i), domain)) return i;
  return undefined;
}
