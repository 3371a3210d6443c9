import { expect } from "chai";
import { network } from "hardhat";

import { scalar } from "../../../src/audit/exec/reference/scalar.js";
import { DTYPE_BYTES, MAP_FN, type MapFn } from "../../../src/audit/graph.js";
import { fuzzCases, fuzzSeed } from "../../support/fuzz.js";
import { MAP_SIGNATURES } from "../../support/graphs.js";
import { hardOperands } from "../../support/hard-cases.js";
import { roundedIntegers, scalarCases } from "../../support/scalar-operands.js";
import { deployScalars, evaluateMany, type Scalars } from "../../support/scalars.js";

/** Random cases per function, shared by its signatures: `TOUCHSTONE_FUZZ_CASES`, 5000 and more in a long run. */
const CASES = fuzzCases(100);
const LEAST_PER_SIGNATURE = 5;

describe("ScalarEvaluator against the reference executor", () => {
  let scalars: Scalars;

  before(async () => {
    console.log(`    ${CASES} random cases per function, FUZZ_SEED=${fuzzSeed}`);
    scalars = await deployScalars(await network.create());
  });

  const functions = (Object.keys(MAP_FN) as MapFn[]).filter((fn) => fn !== "pick");
  for (const fn of functions) {
    it(fn, async function () {
      this.timeout(600_000);
      const signatures = MAP_SIGNATURES.filter((signature) => signature.fn === fn);
      const count = Math.max(LEAST_PER_SIGNATURE, Math.ceil(CASES / signatures.length));
      for (const [i, signature] of signatures.entries()) {
        const hard = hardOperands(fn, signature.operands);
        const cases = [
          ...hard.flatMap(([bits, ...rest]) => [
            [bits!, ...rest],
            [bits! ^ 0x80000000n, ...rest],
          ]),
          ...roundedIntegers(signature),
          ...scalarCases(signature, count, fuzzSeed + 64 * MAP_FN[fn] + i),
        ];
        const got = await evaluateMany(
          scalars,
          signature,
          cases.map((operands) => operands.map(withGarbage(signature))),
        );
        got.forEach((value, k) => {
          const bits = cases[k]!;
          const expected = scalar(fn, signature.operands, signature.result, bits);
          if (value.wellFormed && value.result === expected) return;
          const shown = bits.map((word) => `0x${word.toString(16)}`).join(", ");
          expect.fail(
            `${fn}(${signature.operands.join(", ")}) of ${shown}: ` +
              `0x${value.result.toString(16)} instead of 0x${expected.toString(16)} ${signature.result}`,
          );
        });
      }
    });
  }
});

/** Operand words with bits beyond the dtype in every third place: the evaluator ignores them. */
function withGarbage({ operands }: { readonly operands: readonly (keyof typeof DTYPE_BYTES)[] }) {
  return (bits: bigint, i: number): bigint => {
    const width = BigInt(8 * DTYPE_BYTES[operands[i]!]);
    const element = BigInt.asUintN(Number(width), bits);
    return element % 3n === 0n ? element | (0xdeadbeefn << width) : element;
  };
}
