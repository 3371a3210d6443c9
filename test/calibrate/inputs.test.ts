import { expect } from "chai";

import { tensorBytes } from "../../src/audit/bytes.js";
import { createRandom, generateInput, KINDS } from "../../src/calibrate/inputs.js";
import { firstOutside } from "../../src/models/domain.js";

describe("generated inputs", () => {
  const specs = [
    { name: "x", dtype: "f32", shape: [2, 100], lo: 0xc0000000n, hi: 0x40800000n },
    { name: "tokens", dtype: "i64", shape: [50], lo: 0n, hi: 255n },
    { name: "flags", dtype: "bool", shape: [50], lo: 0n, hi: 1n },
  ] as const;

  for (const spec of specs) {
    for (const kind of KINDS) {
      it(`${kind} ${spec.dtype} lies in its domain`, () => {
        const tensor = generateInput(spec, kind, createRandom(7));
        expect(firstOutside(tensorBytes(tensor), spec)).equal(undefined);
      });
    }
  }

  it("repeat with the seed", () => {
    const draw = (seed: number): string => tensorBytes(generateInput(specs[0], "random", createRandom(seed))).join();
    expect(draw(3)).equal(draw(3));
    expect(draw(3)).not.equal(draw(4));
  });
});
