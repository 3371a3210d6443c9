import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { connectSuite, createProvider } from "../../src/chain/suite.js";

const ADDRESSES = {
  token: ZeroAddress,
  hub: ZeroAddress,
  registry: ZeroAddress,
  staking: ZeroAddress,
  profiles: ZeroAddress,
  fees: ZeroAddress,
  arbiter: ZeroAddress,
  challenges: ZeroAddress,
  offers: ZeroAddress,
  jobs: ZeroAddress,
  receipts: ZeroAddress,
  lottery: ZeroAddress,
  accountLens: ZeroAddress,
  claimLens: ZeroAddress,
};

describe("suite", () => {
  it("connects without a word on standard output, which belongs to the commands' results", () => {
    const written: unknown[] = [];
    const original = console.log;
    console.log = (...args: unknown[]) => void written.push(args);
    try {
      const { abi } = connectSuite(createProvider("http://127.0.0.1:1"), { chainId: 1, block: 0, ...ADDRESSES });
      expect(abi.getError("InsideDomain")).not.to.equal(null);
      expect(abi.getEvent("JobAnswered")).not.to.equal(null);
    } finally {
      console.log = original;
    }
    expect(written).to.deep.equal([]);
  });
});
