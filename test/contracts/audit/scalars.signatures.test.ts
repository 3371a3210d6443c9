import { expect } from "chai";
import { hexlify, ZeroAddress } from "ethers";
import { network } from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";

import { type DType, DTYPE_CODE, MAP_FN, type MapFn } from "../../../src/audit/graph.js";
import { mapTakes } from "../../../src/audit/signatures.js";
import { type IScalarEvaluator, IScalarEvaluator__factory } from "../../../typechain-types/index.js";
import { deployScalars, type Scalars } from "../../support/scalars.js";

const KNOWN = Object.entries(DTYPE_CODE) as [DType, number][];
/** All dtype codes, and three that are none: nothing, string, f16. */
const CODES = [...KNOWN.map(([, code]) => code), 0, 8, 10];
const FEW = [DTYPE_CODE.f32, DTYPE_CODE.i32, DTYPE_CODE.bool];

const FAMILIES = ["FloatScalars", "IntegerScalars", "ConversionScalars", "ElementaryScalars", "DoubleScalars"] as const;

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
  let connection: NetworkConnection;
  let scalars: Scalars;
  /** The evaluator and its families, which anybody can call as well. */
  let families: Readonly<Record<string, IScalarEvaluator>>;

  before(async () => {
    connection = await network.create();
    scalars = await deployScalars(connection);
    const { ethers } = connection;
    const deployed = FAMILIES.map(async (name) => [name, await ethers.deployContract(name)] as const);
    families = {
      ...Object.fromEntries(await Promise.all(deployed)),
      ScalarEvaluator: IScalarEvaluator__factory.connect(scalars.evaluator, ethers.provider),
    };
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
  });

  it("are kept by each family alone too, whoever calls it with what", async () => {
    const { f32, f64, i32, u8, bool } = DTYPE_CODE;
    const { copy, exp, isnan, pow, cast, where, quantize, dequantize, fma, add } = MAP_FN;
    const foreign: [family: string, fn: number, result: number, operands: number[]][] = [
      ["ConversionScalars", cast, f32, [f32, f32]],
      ["ConversionScalars", fma, f32, [f32, f32, f32]],
      ["ConversionScalars", quantize, u8, [f32, i32, u8]],
      ["ConversionScalars", quantize, u8, [i32, f32, u8]],
      ["ConversionScalars", dequantize, f32, [u8, i32, u8]],
      ["ConversionScalars", where, f32, [f32, f32, f32]],
      ["DoubleScalars", copy, f32, [f64]],
      ["DoubleScalars", copy, f64, [f32]],
      ["DoubleScalars", where, f32, [bool, f64, f64]],
      ["ElementaryScalars", exp, f32, [i32]],
      ["ElementaryScalars", copy, f32, [f32]],
      ["ElementaryScalars", isnan, f32, [f32]],
      ["ElementaryScalars", pow, f32, [f32, bool]],
      ["IntegerScalars", add, i32, [i32, i32, i32]],
    ];
    const one = [1n, 1n, 1n];
    for (const [family, fn, result, operands] of foreign) {
      const evaluator = families[family]!;
      const dtypes = hexlify(Uint8Array.from(operands));
      const answer = await evaluator.evaluate(fn, result, dtypes, one.slice(0, operands.length));
      expect(answer, `${family}: ${fn} of ${operands.join()}`).to.deep.equal([false, 0n]);
    }
    // As many dtypes as operands, and at least one.
    const typed = {
      FloatScalars: f32,
      IntegerScalars: i32,
      ConversionScalars: f32,
      ElementaryScalars: f32,
      DoubleScalars: f64,
    };
    for (const [family, dtype] of Object.entries({ ...typed, ScalarEvaluator: f32 })) {
      const evaluator = families[family]!;
      for (const fn of [copy, exp, cast]) {
        for (const [dtypes, operands] of [
          [[], 0],
          [[], 1],
          [[dtype], 0],
          [[dtype], 2],
          [[dtype, dtype], 1],
        ] as const) {
          const answer = await evaluator.evaluate(fn, dtype, hexlify(Uint8Array.from(dtypes)), one.slice(0, operands));
          expect(answer, `${family}: ${fn}, ${dtypes.length} dtypes, ${operands} operands`).to.deep.equal([false, 0n]);
        }
      }
    }
  });

  it("need all families, and the Arbiter needs both evaluators", async () => {
    const addresses = await Promise.all(FAMILIES.map((name) => families[name]!.getAddress()));
    const { ethers } = connection;
    for (const missing of addresses.keys()) {
      const peers = addresses.with(missing, ZeroAddress) as [string, string, string, string, string];
      await expect(ethers.deployContract("ScalarEvaluator", peers)).to.be.revertedWithCustomError(
        await ethers.getContractFactory("ScalarEvaluator"),
        "ZeroAddress",
      );
    }
    for (const peers of [
      [ZeroAddress, addresses[0]!],
      [addresses[0]!, ZeroAddress],
    ] as [string, string][]) {
      await expect(ethers.deployContract("Arbiter", peers)).to.be.revertedWithCustomError(
        await ethers.getContractFactory("Arbiter"),
        "ZeroAddress",
      );
    }
  });
});
