import { expect } from "chai";

import { fromHex, nonCanonicalElement, tensorFromBytes } from "../../src/audit/bytes.js";
import { DTYPE_BYTES } from "../../src/audit/graph.js";
import { firstOutside as firstOutsideBytes, firstOutsideOf, type Domain } from "../../src/models/domain.js";

const unit = { dtype: "f32", lo: 0xbf800000n, hi: 0x3f800000n } as const;

/** By its bytes, and the same by the tensor where they are those of one. */
function firstOutside(bytes: Uint8Array, domain: Domain): number | undefined {
  const found = firstOutsideBytes(bytes, domain);
  if (nonCanonicalElement(bytes, domain.dtype) === undefined) {
    const tensor = tensorFromBytes(bytes, domain.dtype, [bytes.length / DTYPE_BYTES[domain.dtype]]);
    expect(firstOutsideOf(tensor, domain)).to.equal(found);
  }
  return found;
}

describe("input domains", () => {
  it("takes the bounds themselves and both zeros", () => {
    expect(firstOutside(fromHex("0xbf8000003f8000000000000080000000"), unit)).equal(undefined);
  });

  it("finds the first element one unit in the last place outside", () => {
    expect(firstOutside(fromHex("0x3f80000000000000bf800001"), unit)).equal(2);
    expect(firstOutside(fromHex("0x3f800001"), unit)).equal(0);
  });

  it("never takes NaN of any payload or infinities", () => {
    const all = { dtype: "f32", lo: 0xff7fffffn, hi: 0x7f7fffffn } as const;
    for (const bits of ["7fc00000", "7f800001", "ffffffff", "7f800000", "ff800000"]) {
      expect(firstOutside(fromHex(`0x${bits}`), all), bits).equal(0);
    }
    expect(firstOutside(fromHex("0xff7fffff7f7fffff"), all)).equal(undefined);
    const more = { dtype: "f32", lo: 0xff800000n, hi: 0x7f800000n } as const;
    expect(firstOutside(fromHex("0xff7fffff7f7fffff7f800000"), more)).equal(2);
    expect(firstOutside(fromHex("0xff7fffff7f7fffffff800000"), more)).equal(2);
  });

  it("treats f64 as f32: bounds, both zeros, one unit outside, NaN and infinities", () => {
    const wide = { dtype: "f64", lo: 0xbff0000000000000n, hi: 0x3ff0000000000000n } as const;
    const inside = ["bff0000000000000", "3ff0000000000000", "0000000000000000", "8000000000000000"];
    expect(firstOutside(fromHex(`0x${inside.join("")}`), wide)).equal(undefined);
    const all = { dtype: "f64", lo: 0xffefffffffffffffn, hi: 0x7fefffffffffffffn } as const;
    for (const bits of ["bff0000000000001", "3ff0000000000001"]) {
      expect(firstOutside(fromHex(`0x${bits}`), wide), bits).equal(0);
      expect(firstOutside(fromHex(`0x${bits}`), all), bits).equal(undefined);
    }
    for (const bits of ["7ff8000000000000", "7ff0000000000001", "7ff0000000000000", "fff0000000000000"]) {
      expect(firstOutside(fromHex(`0x${bits}`), all), bits).equal(0);
    }
  });

  it("compares integers with their sign, and refuses booleans above 1", () => {
    expect(firstOutside(fromHex("0xff0001"), { dtype: "i8", lo: 0xffn, hi: 0n })).equal(2);
    expect(firstOutside(fromHex("0x000102"), { dtype: "bool", lo: 0n, hi: 1n })).equal(2);
  });
});
