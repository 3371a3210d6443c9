import { expect } from "chai";

import { auditAnswer, auditedAbove } from "../../src/worker/answer.js";
import type { Answerer } from "../../src/worker/worker.js";
import { digitModel, published } from "../support/digits.js";

describe("answers by lock", () => {
  const { model, digits } = digitModel();
  const inputs = [digits[0]!.image];
  const exact = published(auditAnswer(model, inputs));
  const native: Answerer = () => Promise.resolve([{ dtype: "f32", shape: [1], data: Float32Array.of(1) }]);

  for (const [lock, isExact] of [
    [99n, false],
    [100n, false],
    [101n, true],
  ] as const) {
    it(`a lock of ${lock} is ${isExact ? "" : "not "}above 100`, async () => {
      const asked: string[] = [];
      const lockOf = (claimId: string) => {
        asked.push(claimId);
        return Promise.resolve(lock);
      };
      const outputs = published(await auditedAbove(100n, lockOf, native)(model, inputs, "job"));
      expect(asked).to.deep.equal(["job"]);
      expect(outputs[0] === exact[0]).to.equal(isExact);
      if (!isExact) expect(outputs).to.deep.equal(["0x3f800000"]);
    });
  }
});
