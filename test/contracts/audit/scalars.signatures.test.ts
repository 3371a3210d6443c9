import { expect } from "chai";
import { hexlify } from "ethers";
import { network } from "hardhat";

import { type DType, DTYPE_CODE, MAP_FN, type MapFn } from "../../../src/audit/graph.js";
import { mapTakes } from "../../../src/audit/signatures.js";
import { deployScalars, type Scalars } from "../../support/scalars.js";

const KNOWN = Object.entries(DTYPE_CODE) as [DType, number][];
/** All dtype codes, and three that are none: nothing, string, f16. */
const CODES = [...KNOWN.map(([, code]) => code), 0, 8, 10];
const FEW = [DTYPE_CODE.f32, DTYPE_CODE.i32, DTYPE_CODE.bool];

const dtypeOf = (code: number): DType | undefined => KNOWN.find(([, known]) => known === code)?.[0];

function takes(fn: MapFn | undefined, operands: readonly number[], result: number): boolean {
  // `pick` depends on guards: whoever reads operands evaluates it.
  if (fn === undefined || fn === "pick") return false;
  const dtypes = operands.map(dtypeOf);
  const yields = dtypeOf(result);
  if (yields === undefined || !dtypes.every((dtype) => dtype !== undefined)) return false;
  return mapTakes(fn, dtypes, yields);
}

describe("ScalarEvaluator's signatures", () => {
  let scalars: Scalars;

  before(async () => {
    scalars = await deployScalars(await network.create());
  });

  async function expectAccepted(code: number, prefix: readonly number[]): Promise<void> {
    const fn = (Object.keys(MAP_FN) as MapFn[]).find((name) => MAP_FN[name] === code);
    const accepted = await scalars.harness.accepted(
      scalars.evaluator,
      code,
      hexlify(Uint8Array.from(prefix)),
      hexlify(Uint8Array.from(CODES)),
    );
    const uses = CODES.flatMap((last) => CODES.map((result) => ({ operands: [...prefix, last], result })));
    const wrong = uses.filter(({ operands, result }, i) => accepted[i] !== takes(fn, operands, result));
    expect(wrong, `function ${fn ?? code}`).to.deep.equal([]);
  }

  it("are those of the specification for one operand", async () => {
    for (let code = 0; code <= 66; code++) await expectAccepted(code, []);
    await expectAccepted(255, []);
  });

  it("are those of the specification for two operands", async () => {
    for (let code = 0; code <= 66; code++) {
      const firsts = code < MAP_FN.add || code > MAP_FN.prelu ? FEW : CODES;
      for (const first of firsts) await expectAccepted(code, [first]);
    }
  });

  it("are those of the specification for three operands", async () => {
    for (const code of [1, 9, 32, 38, 46, 51, 52, 53, 54, 55, 56, 57]) {
      for (const first of CODES) {
        for (const second of CODES) {
          // All that fit some function, and a few that fit none.
          if (second === DTYPE_CODE.f32 || (first === second && FEW.includes(first)) || first === DTYPE_CODE.bool) {
            await expectAccepted(code, [first, second]);
          }
        }
      }
    }
  });

  it("have no other number of operands", async () => {
    for (const code of Object.values(MAP_FN)) {
      for (const dtype of FEW) {
        await expectAccepted(code, [dtype, dtype, dtype]);
      }
    }
    const evaluator = await (await network.create()).ethers.deployContract("FloatScalars");
    expect(await evaluator.evaluate(MAP_FN.copy, DTYPE_CODE.f32, "0x", [])).to.deep.equal([false, 0n]);
    expect(await evaluator.evaluate(MAP_FN.copy, DTYPE_CODE.f32, "0x01", [1n, 2n])).to.deep.equal([false, 0n]);
  });
});
