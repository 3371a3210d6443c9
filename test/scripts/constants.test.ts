import { readFileSync } from "node:fs";

import { expect } from "chai";

import { CONSTANTS_FILE, renderConstants } from "../../scripts/generate/constants.js";

describe("constants of the elementary functions", () => {
  it("are what their series give", () => {
    expect(readFileSync(CONSTANTS_FILE, "utf8")).to.equal(renderConstants());
  });

  it("agree with the platform's to its precision", () => {
    const value = (name: string): number => {
      const [, digits] = new RegExp(`${name} = (0x[0-9a-f]+);`).exec(renderConstants())!;
      const bits = /_(\d+)$/.exec(name)?.[1] ?? "256";
      return Number(BigInt(digits!)) / 2 ** Number(bits);
    };
    expect(value("LN2_126")).to.equal(Math.LN2);
    expect(value("LN2_200")).to.equal(Math.LN2);
    expect(value("LOG2_E_100")).to.equal(Math.LOG2E);
    expect(value("PI_126")).to.equal(Math.PI);
    expect(value("TWO_OVER_ROOT_PI_126")).to.be.closeTo(2 / Math.sqrt(Math.PI), 2 ** -52);
    expect(value("TWO_OVER_PI_HIGH")).to.be.closeTo(2 / Math.PI, 2 ** -52);
  });
});
