import { expect } from "chai";
import fc from "fast-check";
import { network } from "hardhat";

import { type DType, DTYPE_CODE } from "../../../src/audit/graph.js";
import { verdict } from "../../../src/dispute/verdict.js";
import { assertAsyncProperty } from "../../support/fuzz.js";
import { F32 } from "../../support/models.js";

interface Case {
  readonly dtype: DType;
  readonly atol: bigint;
  readonly rtol: bigint;
  readonly claimed: bigint;
  readonly audited: bigint;
}

const NAMES = ["right", "wrong", "void"] as const;
/** Numbers whose exponents and mantissas lie at every edge of binary32. */
const EDGES = [
  0n,
  1n,
  0x7fffffn,
  0x800000n,
  0x800001n,
  0x3f800000n,
  0x3f800001n,
  0x7f7fffffn,
  0x7f800000n,
  0x7fc00000n,
  0x7f800001n,
];

const edge = fc
  .tuple(fc.constantFrom(...EDGES), fc.boolean())
  .map(([bits, minus]) => (minus ? bits | F32.minusZero : bits));
const word = fc.bigInt(0n, 0xffffffffn);
const value = fc.oneof(edge, word);
const tolerance = fc.oneof(fc.constantFrom(...EDGES.filter((bits) => bits < 0x7f800000n)), fc.bigInt(0n, 0x7f7fffffn));
/** Claims close to the audited value: a few units in the last place away. */
const close = fc
  .record({ audited: value, step: fc.bigInt(-9n, 9n), atol: tolerance, rtol: tolerance })
  .map(({ audited, step, ...rest }) => ({ ...rest, audited, claimed: BigInt.asUintN(32, audited + step) }));
const float = fc.oneof(fc.record({ audited: value, claimed: value, atol: tolerance, rtol: tolerance }), close);
const anyCase: fc.Arbitrary<Case> = fc.oneof(
  { weight: 9, arbitrary: float.map((c) => ({ dtype: "f32" as const, ...c })) },
  {
    weight: 1,
    arbitrary: fc
      .record({ audited: word, claimed: word, atol: tolerance, rtol: tolerance, same: fc.boolean() })
      .map(({ same, ...c }) => ({ dtype: "u32" as const, ...c, claimed: same ? c.audited : c.claimed })),
  },
);

describe("Tolerance", () => {
  async function judge(cases: readonly Case[]): Promise<string[]> {
    const { ethers } = await network.getOrCreate();
    const harness = await ethers.deployContract("ToleranceHarness");
    const verdicts = await harness.judge(cases.map(({ dtype, ...rest }) => ({ dtype: DTYPE_CODE[dtype], ...rest })));
    return verdicts.map((each) => NAMES[Number(each)]!);
  }
  const expected = (c: Case): string => verdict(c.dtype, c.audited, c.claimed, c);

  it("agrees with big integers at every pair of edges", async () => {
    const signed = EDGES.flatMap((bits) => [bits, bits | F32.minusZero]);
    const finite = EDGES.filter((bits) => bits < F32.infinity);
    const cases = signed.flatMap((audited) =>
      signed.flatMap((claimed) =>
        finite.map((atol, i): Case => ({
          dtype: "f32",
          atol,
          rtol: finite[(i * 5 + Number(claimed % 7n)) % finite.length]!,
          claimed,
          audited,
        })),
      ),
    );
    for (let at = 0; at < cases.length; at += 500) {
      const part = cases.slice(at, at + 500);
      expect(await judge(part)).to.deep.equal(part.map(expected));
    }
  });

  it("agrees with big integers on random cases", async () => {
    await assertAsyncProperty(
      fc.asyncProperty(fc.array(anyCase, { minLength: 300, maxLength: 300 }), async (cases) => {
        expect(await judge(cases)).to.deep.equal(cases.map(expected));
      }),
      20,
    );
  });
});
