import { expect } from "chai";

import { EXTRACTS } from "../../scripts/prove/extracts.js";
import { judge } from "../../scripts/prove/prove.js";
import { createSolver, type Solver } from "../../scripts/prove/solver.js";

/** The smallest extract, all the way; `npm run prove` does all of them. */
describe("Proofs", function () {
  this.timeout(300_000);
  const extract = EXTRACTS.find(({ name }) => name === "BondLedger")!;
  let solver: Solver;

  before(() => {
    solver = createSolver();
  });
  after(() => solver.close());

  it("decide every assertion of an extract", () => {
    const { proved, refuted, undecided, queries } = judge(extract, solver);
    expect(refuted).to.deep.equal([]);
    expect(undecided).to.deep.equal([]);
    expect(proved).to.have.length(3);
    expect(queries).to.be.above(0);
  });

  it("fail at a seeded bug", () => {
    const { refuted } = judge(extract, solver, extract.bugs[0]);
    expect(refuted).not.to.deep.equal([]);
  });

  it("refuse a bug that changes nothing", () => {
    const bug = { promise: 2, what: "none", find: "no such line", replace: "" };
    expect(() => judge(extract, solver, bug)).to.throw("does not contain exactly once");
  });
});
