import { expect } from "chai";
import { network } from "hardhat";

import { expectSnapshot } from "../../scripts/checks/snapshot.js";
import type { DType, MapFn } from "../../src/audit/graph.js";
import { MAP_SIGNATURES } from "../support/graphs.js";
import { ELEMENTARY_FUNCTIONS, scalarCases } from "../support/scalar-operands.js";
import { deployScalars, evaluateMany, type Scalars } from "../support/scalars.js";

const CODE_SIZE_LIMIT = 24_576;
const SEED = 7;

interface Cost {
  readonly most: number;
  readonly median: number;
}

describe("gas of the scalar functions", () => {
  let scalars: Scalars;

  before(async () => {
    scalars = await deployScalars(await network.create());
  });

  /** Of one call of the evaluator, its families warm, over corners and random operands. */
  async function cost(fn: MapFn, of: (operands: readonly DType[]) => boolean): Promise<Cost> {
    const signature = MAP_SIGNATURES.find(({ fn: name, operands }) => name === fn && of(operands))!;
    const cases = scalarCases(signature, 100, SEED);
    // The first call pays for cold accounts.
    const gas = (await evaluateMany(scalars, signature, cases))
      .filter((_, i) => i % 500 !== 0)
      .map((outcome) => Number(outcome.gas))
      .sort((a, b) => a - b);
    return { most: gas.at(-1)!, median: gas[gas.length >> 1]! };
  }

  it("is that of the snapshot", async () => {
    const table: Record<string, { most: number; median: number }> = {};
    for (const fn of new Set(MAP_SIGNATURES.map((signature) => signature.fn))) {
      if (fn === "pick") continue;
      for (const dtype of ["f32", "i32", "u32", "bool"] as const) {
        const ofDtype = (operands: readonly DType[]): boolean => operands[0] === dtype;
        if (dtype === "u32" && !["shl", "shr"].includes(fn)) continue;
        if (!MAP_SIGNATURES.some(({ fn: name, operands }) => name === fn && ofDtype(operands))) continue;
        table[`${fn} ${dtype}`] = await cost(fn, ofDtype);
      }
    }
    for (const fn of ELEMENTARY_FUNCTIONS) expect(table[`${fn} f32`]!.most, fn).to.be.below(25_000);
    expectSnapshot("gas/scalars", { functions: table, codeBytes: scalars.sizes });
  });

  it("leaves every contract deployable", () => {
    for (const [name, size] of Object.entries(scalars.sizes)) expect(size, name).to.be.below(CODE_SIZE_LIMIT);
  });
});
