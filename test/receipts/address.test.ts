import { expect } from "chai";
import { getAddress } from "ethers";
import fc from "fast-check";

import { checksummed } from "../../src/receipts/address.js";
import { assertProperty } from "../support/fuzz.js";

describe("addresses", () => {
  it("have the capitals that ethers gives them", () => {
    const digits = fc.string({ unit: fc.constantFrom(..."0123456789abcdef".split("")), minLength: 40, maxLength: 40 });
    assertProperty(
      fc.property(digits, (address) => {
        expect(checksummed(address)).to.equal(getAddress(`0x${address}`));
      }),
      500,
    );
  });
});
