import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { createHunter } from "../../src/calibrate/hunter.js";
import { prepareModel } from "../../src/models/prepared.js";
import { readDigitModel } from "../../src/sim/digits.js";
import { fuzzRuns, fuzzSeed } from "../support/fuzz.js";
import { dice } from "../support/graphs.js";
import { ATTACKS } from "../support/oracle/attacks.js";
import { searchBest } from "../support/oracle/search.js";

const EVALUATIONS = fuzzRuns(150);

describe("profits of attacks, searched for", () => {
  for (const attack of ATTACKS) {
    const { numbers, name, unit } = attack;
    it(`${numbers.join(", ")}: ${name}: the best that is found loses`, function () {
      this.timeout(3_600_000);
      const { profit, point, tried } = searchBest(attack, EVALUATIONS, dice(fuzzSeed));
      const at = Object.entries(point).map(([key, value]) => `${key} ${value}`);
      console.log(`      best ${profit.toPrecision(4)} of ${unit} in ${tried} tried: ${at.join(", ")}`);
      expect(tried, "points that the rules allow").to.be.above(EVALUATIONS / 10);
      expect(profit, "profit").to.be.below(0);
    });
  }

  it("92: inputs hunted for noise: the worst that is found is right, and a challenge would lose its bond", async function () {
    this.timeout(3_600_000);
    const { bytes, manifest, digits } = readDigitModel(".");
    const { graph, runtime: model } = prepareModel(bytes, manifest);
    const folder = mkdtempSync(join(tmpdir(), "touchstone-noise-"));
    const atol = manifest.outputs.map((output) => output.atol);
    const starts = digits.map(({ image }) => [image]);
    const hunter = await createHunter({ graph, model, atol, path: join(folder, "hunt.json"), seed: fuzzSeed, starts });
    try {
      await hunter.search(fuzzRuns(2));
      const { ratio, by, screened } = hunter.report();
      console.log(`      worst noise ${ratio.toPrecision(3)} of the tolerance, found by ${by} among ${screened}`);
      expect(ratio, "noise, in tolerances").to.be.above(0).and.below(1);
    } finally {
      await hunter.release();
      rmSync(folder, { recursive: true });
    }
  });
});
