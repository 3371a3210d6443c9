import { DTYPE_BYTES, DTYPE_CODE, type DType, REDUCE_FN } from "../../src/audit/graph.js";
import { reduce, type Terms } from "../../src/audit/exec/reference/reduce.js";
import { REDUCE_SIGNATURES } from "./graphs.js";
import { edgeBits, floatBits, randomBits } from "./samples.js";

/** One reduction with the value that the reference executor gives. */
export interface ReductionCase {
  readonly label: string;
  /** The struct of contracts/interfaces/IReduceEvaluator.sol. */
  readonly reduction: {
    readonly fn: number;
    readonly dtype: number;
    readonly count: number;
    readonly rank: number;
    readonly largest: boolean;
    readonly dtypes: Uint8Array;
    readonly values: Uint8Array[];
  };
  readonly expected: bigint;
}

type Random = () => number;
type Signature = (typeof REDUCE_SIGNATURES)[number];

const NEGATIVE = 0x80000000n;
const chance = (random: Random, percent: number): boolean => random() % 100 < percent;
const sign = (random: Random): bigint => (chance(random, 50) ? NEGATIVE : 0n);

/** A finite number with an exponent field from `low` to `high`. */
function between(random: Random, low: number, high: number): bigint {
  const field = BigInt(low + (random() % (high - low + 1)));
  return sign(random) | (field << 23n) | BigInt(random() & 0x7fffff);
}

/** Kinds of lists; each makes one element. */
const FLOATS: Readonly<Record<string, (random: Random) => bigint>> = {
  everyday: (random) => floatBits((random() / 2 ** 31 - 1) * 4),
  sparse: (random) => (chance(random, 60) ? sign(random) : between(random, 110, 130)),
  wide: (random) => between(random, 0, 254),
  top: (random) => between(random, 240, 254),
  subnormal: (random) => between(random, 0, 2),
  // Sums of few bits hit midpoints and cancel.
  coarse: (random) => sign(random) | (BigInt(120 + (random() % 30)) << 23n) | (BigInt(random() & 1) << 22n),
  zeros: (random) => sign(random),
  negativeZeros: () => NEGATIVE,
  special: (random) => {
    const edges = edgeBits("f32");
    return chance(random, 5) ? edges[random() % edges.length]! : between(random, 120, 130);
  },
  infinite: (random) => (chance(random, 10) ? 0x7f800000n : between(random, 1, 254)),
};
const STYLES = Object.keys(FLOATS);

function list(dtype: DType, count: number, style: string, random: Random): bigint[] {
  const one = dtype === "f32" ? FLOATS[style]! : (): bigint => randomBits(dtype, random);
  const values = Array.from({ length: count }, () => one(random));
  // Ties, and terms that cancel others.
  for (let i = 1; i < count; i++) {
    if (!chance(random, 10)) continue;
    const other = values[random() % i]!;
    values[i] = dtype === "f32" && chance(random, 50) ? other ^ NEGATIVE : other;
  }
  return values;
}

/** Big-endian bytes of elements, one after the other. */
export function packBits(dtype: DType, values: readonly bigint[]): Uint8Array {
  const width = DTYPE_BYTES[dtype];
  const out = new Uint8Array(width * values.length);
  values.forEach((bits, i) => {
    for (let b = 0; b < width; b++) out[i * width + b] = Number((bits >> BigInt(8 * (width - 1 - b))) & 0xffn);
  });
  return out;
}

/** A random case of a signature; lists have from 1 to a few dozen terms, a few of them hundreds. */
export function reductionCase(signature: Signature, random: Random): ReductionCase {
  const { fn, operands } = signature;
  const count = chance(random, 3) ? 1 + (random() % 700) : 1 + (random() % 40);
  const style = STYLES[random() % STYLES.length]!;
  const lists = operands.slice(0, 2).map((dtype) => {
    // One element may stand for all.
    if (count > 1 && chance(random, 10)) return { dtype, bits: list(dtype, 1, style, random) };
    return { dtype, bits: list(dtype, count, chance(random, 70) ? style : "everyday", random) };
  });
  const bias = operands[2] === undefined ? undefined : list(operands[2], 1, style, random)[0]!;
  const rank = fn === "argkth" ? random() % count : 0;
  const largest = fn === "argkth" && chance(random, 50);
  const options = { rank, largest, style, ...(bias === undefined ? {} : { bias }) };
  return caseOf(
    signature,
    lists.map(({ bits }) => bits),
    options,
    count,
  );
}

/** @param lists Bits of the terms of each operand, or of one element that stands for all. */
export function caseOf(
  { fn, operands, result }: Pick<Signature, "fn" | "operands" | "result">,
  lists: readonly (readonly bigint[])[],
  options: { readonly bias?: bigint; readonly rank?: number; readonly largest?: boolean; readonly style?: string },
  count = lists[0]!.length,
): ReductionCase {
  const { bias, rank = 0, largest = false, style = "chosen" } = options;
  const terms: Terms = {
    lists: lists.map((bits) => (bits.length === count ? [...bits] : Array.from({ length: count }, () => bits[0]!))),
    ...(bias === undefined ? {} : { bias }),
    rank,
    largest,
  };
  const values = lists.map((bits, i) => packBits(operands[i]!, bits));
  if (bias !== undefined) values.push(packBits(operands[2]!, [bias]));
  return {
    label: `${fn}(${operands.join(", ")}) to ${result}, ${count} ${style} terms, rank ${rank}`,
    reduction: {
      fn: REDUCE_FN[fn],
      dtype: DTYPE_CODE[result],
      count,
      rank,
      largest,
      dtypes: Uint8Array.from(operands, (dtype) => DTYPE_CODE[dtype]),
      values,
    },
    expected: reduce(fn, operands, result, terms),
  };
}
