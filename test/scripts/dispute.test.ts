import { readFileSync } from "node:fs";

import { expect } from "chai";

import { workedDispute } from "../../scripts/support/dispute.js";

describe("docs/dispute.md", () => {
  it("is what the model and the audit machine give", () => {
    const { page, picture } = workedDispute(".");
    expect(readFileSync("docs/dispute.md", "utf8"), "`tsx scripts/generate/dispute.ts` renews it").to.equal(page);
    expect(readFileSync("docs/dispute.svg", "utf8")).to.equal(picture);
    expect(page).to.include("The verdict is **wrong**");
  });
});
