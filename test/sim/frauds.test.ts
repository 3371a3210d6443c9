import { expect } from "chai";

import { stale } from "../../src/calibrate/variants/changed.js";
import { int8 } from "../../src/calibrate/variants/int8.js";
import { compareWithAudit } from "../../src/dispute/examine.js";
import { createRuntimePool } from "../../src/runtime/pool.js";
import { anotherAnswer, rotated } from "../../src/sim/frauds/another.js";
import { cheaperModel } from "../../src/sim/frauds/cheaper.js";
import { deviate, deviatingBy } from "../../src/sim/frauds/deviating.js";
import { DEFAULT_RUNTIME } from "../../src/sim/driver/processes.js";
import { randomFor } from "../../src/sim/random.js";
import { auditAnswer, nativeAnswerer } from "../../src/worker/answer.js";
import type { Answerer } from "../../src/worker/worker.js";
import { digitModel, published } from "../support/digits.js";

const SEEDS = [1, 2, 3, 4, 5];

describe("frauds on the demo's digits", () => {
  const { model, digits } = digitModel();
  const audits = digits.map(({ image }) => auditAnswer(model, [image]));
  const pool = createRuntimePool(DEFAULT_RUNTIME);
  const honest = nativeAnswerer(pool);

  const verdictOn = async (answer: Answerer, digit: number, claimId = "job"): Promise<string> => {
    const outputs = await answer(model, [digits[digit]!.image], claimId);
    return compareWithAudit(model, audits[digit]!, published(outputs))?.verdict ?? "right";
  };

  digits.forEach(({ digit }, i) => {
    it(`an honest ${digit} is within the tolerance`, async () => {
      expect(await verdictOn(honest, i)).to.equal("right");
    });

    it(`another answer to ${digit} is wrong`, async () => {
      for (const seed of SEEDS)
        expect(await verdictOn(anotherAnswer(honest, seed), i), `seed ${seed}`).to.equal("wrong");
    });

    it(`the int8 model's and the older version's ${digit} are wrong`, async () => {
      expect(await verdictOn(cheaperModel(int8, createRuntimePool(DEFAULT_RUNTIME)), i)).to.equal("wrong");
      expect(await verdictOn(cheaperModel(stale, createRuntimePool(DEFAULT_RUNTIME)), i)).to.equal("wrong");
    });

    it(`every other digit's output copied to ${digit} is wrong`, async () => {
      for (const [k, other] of digits.entries()) {
        if (k === i) continue;
        const copied: Answerer = (m, _inputs, claimId) => honest(m, [other.image], claimId);
        expect(await verdictOn(copied, i)).to.equal("wrong");
      }
    });

    it(`${digit} with one element moved is wrong from 1.01 times the tolerance upward, and right below it`, () => {
      const exact = auditAnswer(model, [digits[i]!.image]);
      for (const seed of SEEDS) {
        for (const factor of [1.01, 1.05, 1.5, 4, 1000]) {
          const { outputs } = deviate(model, exact, factor, randomFor(seed, String(factor)));
          const found = compareWithAudit(model, audits[i]!, published(outputs));
          expect(found?.verdict, `seed ${seed}, factor ${factor}`).to.equal("wrong");
        }
        const { outputs } = deviate(model, exact, 0.95, randomFor(seed, "below"));
        expect(compareWithAudit(model, audits[i]!, published(outputs)), `seed ${seed}`).to.equal(undefined);
      }
    });
  });

  it("moves a number by the least that is enough", () => {
    for (const [audit, direction] of [
      [0, 1],
      [0, -1],
      [6574.6, 1],
      [-2334.1, -1],
      [1e-38, 1],
    ] as const) {
      const claimed = deviatingBy(audit, { atol: 0.0625, rtol: 0 }, 1.01, direction);
      expect(Math.fround(claimed)).to.equal(claimed);
      expect((claimed - audit) * direction).to.be.at.least(1.01 * 0.0625);
      expect((claimed - audit) * direction).to.be.below(1.02 * 0.0625);
    }
  });

  it("rotates without losing anything", () => {
    const tensor = { dtype: "i64", shape: [3], data: BigInt64Array.of(1n, 2n, 3n) } as const;
    expect([...rotated(tensor, 1).data]).to.deep.equal([3n, 1n, 2n]);
  });
});
