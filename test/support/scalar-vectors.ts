import { DTYPE_CODE, MAP_FN, type MapFn } from "../../src/audit/graph.js";
import { scalar } from "../../src/audit/exec/reference/scalar.js";
import { hardOperands } from "./hard-cases.js";
import { createRandom, edgeBits, randomBits } from "./samples.js";
import { MAP_SIGNATURES } from "./graphs.js";

/*
 * test/vectors/scalars.json: cases of every scalar function with the value that the reference executor gives, as element
 * bits, for implementations in other languages.
 */

const SEED = 20261120;
const CASES_PER_FUNCTION = 200;
const LEAST_CASES_PER_SIGNATURE = 4;

type Signature = (typeof MAP_SIGNATURES)[number];

const hex = (bits: bigint): string => `"0x${bits.toString(16)}"`;

/** Random operands; one in four repeats the first operand, or its negative, so that sums cancel and comparisons tie. */
export function randomOperands(signature: Signature, random: () => number): bigint[] {
  const first = randomBits(signature.operands[0]!, random);
  return signature.operands.map((dtype, i) => {
    if (i === 0) return first;
    if (dtype === signature.operands[0] && random() % 4 === 0) {
      return dtype === "f32" && random() % 2 === 0 ? first ^ 0x80000000n : first;
    }
    return randomBits(dtype, random);
  });
}

function casesOf(fn: MapFn, signature: Signature, count: number, random: () => number): bigint[][] {
  const unary = signature.operands.length === 1;
  const cases = unary
    ? edgeBits(signature.operands[0]!)
        .slice(0, Math.max(count / 2, 4))
        .map((bits) => [bits])
    : [];
  while (cases.length < count) cases.push(randomOperands(signature, random));
  return [...cases, ...hardOperands(fn, signature.operands)];
}

function entry(fn: MapFn, signature: Signature, count: number, random: () => number): string {
  const lines = casesOf(fn, signature, count, random).map((operands) => {
    const value = scalar(fn, signature.operands, signature.result, operands);
    return `[${[...operands, value].map(hex).join(",")}]`;
  });
  const codes = signature.operands.map((dtype) => DTYPE_CODE[dtype]).join(",");
  const head = `"fn":"${fn}","code":${MAP_FN[fn]},"operands":[${codes}],"result":${DTYPE_CODE[signature.result]}`;
  return `{${head},"cases":[\n${lines.join(",\n")}]}`;
}

/** The whole file. */
export function scalarVectors(): string {
  const random = createRandom(SEED);
  const entries = (Object.keys(MAP_FN) as MapFn[])
    .filter((fn) => fn !== "pick")
    .flatMap((fn) => {
      const signatures = MAP_SIGNATURES.filter((signature) => signature.fn === fn);
      const share = Math.max(LEAST_CASES_PER_SIGNATURE, Math.ceil(CASES_PER_FUNCTION / signatures.length));
      return signatures.map((signature) => {
        const floats = signature.operands.every((dtype) => dtype === "f32");
        return entry(fn, signature, floats ? CASES_PER_FUNCTION : share, random);
      });
    });
  const about =
    "Scalar functions of docs/audit.md, section 4: dtype codes of operands and result, and cases [operands..., value] as " +
    "element bits. Operands may be non-canonical (NaN payloads, bools above 1). Made by scripts/generate/scalar-vectors.ts.";
  return `{"about":${JSON.stringify(about)},"seed":${SEED},"functions":[\n${entries.join(",\n")}\n]}\n`;
}
