import { globSync, readFileSync } from "node:fs";

import { expect } from "chai";
import { ErrorFragment, Interface, parseEther } from "ethers";

import { explainRevert, SENTENCES } from "../../src/chain/errors.js";
import { suiteAbi } from "../../src/chain/suite.js";

/** Every error of every contract that is deployed, with the contract it was found in. */
function errorsOfContracts(): Map<string, { fragment: ErrorFragment; contract: string }> {
  const found = new Map<string, { fragment: ErrorFragment; contract: string }>();
  for (const path of globSync("artifacts/contracts/**/*.json")) {
    if (/[\\/](mocks|examples)[\\/]/.test(path)) continue;
    const { abi, contractName } = JSON.parse(readFileSync(path, "utf8")) as { abi: never[]; contractName: string };
    for (const fragment of new Interface(abi).fragments) {
      if (ErrorFragment.isFragment(fragment)) found.set(fragment.format("full"), { fragment, contract: contractName });
    }
  }
  return found;
}

describe("errors of contracts", () => {
  const errors = errorsOfContracts();

  it("each has a sentence and a next step", () => {
    expect(errors.size).to.be.greaterThan(200);
    const missing = [...errors.values()].filter(({ fragment }) => !Object.hasOwn(SENTENCES, fragment.name));
    expect(missing.map(({ fragment, contract }) => `${contract}.${fragment.format("full")}`)).to.deep.equal([]);
  });

  it("sentences end as sentences do, and name arguments that the error has", () => {
    for (const [name, [what, next]] of Object.entries(SENTENCES)) {
      expect(what, name).match(/^.+[.)]$/);
      expect(next, name).match(/^.+\.$/);
    }
    // Of errors with one name and several forms, one form has to know the arguments.
    for (const [name, [what]] of Object.entries(SENTENCES)) {
      const forms = [...errors.values()].filter(({ fragment }) => fragment.name === name);
      if (forms.length === 0) continue;
      const used = [...what.matchAll(/\{(\w+)\}/g)].map(([, argument]) => argument);
      const fits = forms.some(({ fragment }) =>
        used.every((each) => fragment.inputs.some((input) => input.name === each)),
      );
      expect(fits, `${name}: ${what}`).equal(true);
    }
  });

  it("a refused call says what happened, with its arguments, and what to do", () => {
    const abi = suiteAbi();
    const refused = (name: string, args: unknown[]) =>
      explainRevert(abi, { info: { error: { data: abi.encodeErrorResult(name, args) } } });
    const early = refused("ExitNotReady", [7, 1_800_000_000]);
    expect(early).include({ code: "ExitNotReady", message: "Exit 7 may leave from 2027-01-15T08:00:00.000Z." });
    expect(early?.next).match(/^Wait until then/);
    const poor = refused("BondTooSmall", [1n, parseEther("0.1")]);
    expect(poor?.message).equal("A bond of 1 is below 100,000,000,000,000,000.");
    expect(explainRevert(abi, { data: "0x12345678" })?.code).equal("CONTRACT_REFUSED");
    expect(explainRevert(abi, new Error("no data"))).equal(undefined);
  });
});
