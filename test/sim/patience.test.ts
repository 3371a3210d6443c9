import { expect } from "chai";

import { createPatience } from "../../src/sim/driver/patience.js";

describe("patience", () => {
  function patience(ms: number) {
    const machine = { now: 0, load: 0.2 };
    const of = createPatience(ms, { now: () => machine.now, load: () => machine.load });
    return { machine, of };
  }

  it("is over after its time on a free machine, and not a moment before", () => {
    const { machine, of } = patience(1_000);
    machine.now = 1_000;
    expect(of.isOver()).to.equal(false);
    machine.now = 1_001;
    expect(of.isOver()).to.equal(true);
    of.renew();
    expect(of.isOver()).to.equal(false);
  });

  it("lasts longer by as much as the machine is slower, as long as it is", () => {
    const { machine, of } = patience(1_000);
    machine.load = 5;
    machine.now = 4_000;
    expect(of.isOver()).to.equal(false);
    // 800 ms are spent; the rest passes on a free machine.
    machine.load = 1;
    machine.now = 4_200;
    expect(of.isOver()).to.equal(false);
    machine.now = 4_201;
    expect(of.isOver()).to.equal(true);
  });
});
