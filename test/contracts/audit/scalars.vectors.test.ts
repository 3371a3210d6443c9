import { readFileSync } from "node:fs";

import { expect } from "chai";
import { network } from "hardhat";

import { type DType, DTYPE_CODE, type MapFn } from "../../../src/audit/graph.js";
import { deployScalars, evaluateMany, type Scalars } from "../../support/scalars.js";

interface VectorFile {
  readonly functions: readonly {
    readonly fn: MapFn;
    readonly operands: readonly number[];
    readonly result: number;
    /** Operands, then the value. */
    readonly cases: readonly (readonly string[])[];
  }[];
}

const dtypeOf = Object.fromEntries(Object.entries(DTYPE_CODE).map(([dtype, code]) => [code, dtype])) as Record<
  number,
  DType
>;

describe("ScalarEvaluator against the published vectors", () => {
  let scalars: Scalars;
  const file = new URL("../../vectors/scalars.json", import.meta.url);
  const { functions } = JSON.parse(readFileSync(file, "utf8")) as VectorFile;

  before(async () => {
    scalars = await deployScalars(await network.create());
  });

  for (const fn of new Set(functions.map((entry) => entry.fn))) {
    it(fn, async () => {
      for (const { operands, result, cases } of functions.filter((entry) => entry.fn === fn)) {
        const signature = { fn, operands: operands.map((code) => dtypeOf[code]!), result: dtypeOf[result]! };
        const inputs = cases.map((row) => row.slice(0, -1).map(BigInt));
        const got = await evaluateMany(scalars, signature, inputs);
        got.forEach((value, i) => {
          const label = `${fn}(${signature.operands.join(", ")}) of ${cases[i]!.join(" ")}`;
          expect(value.wellFormed, label).to.equal(true);
          expect(value.result, label).to.equal(BigInt(cases[i]!.at(-1)!));
        });
      }
    });
  }
});
