import { expect } from "chai";

import { batched } from "../../src/runtime/batched.js";
import type { Runtime } from "../../src/runtime/runtime.js";
import { f32 } from "../support/onnx-model.js";

describe("batched runtime", () => {
  const runtime = (run: Runtime["run"]): Runtime => ({ label: "r", run, release: () => Promise.resolve() });

  it("asks for the request among others and returns its rows alone", async () => {
    const doubling = runtime(([x]) => {
      expect(x!.shape).to.deep.equal([6, 3]);
      expect([...x!.data]).to.deep.equal([6, 5, 4, 3, 2, 1, 6, 5, 4, 3, 2, 1, 1, 2, 3, 4, 5, 6]);
      return Promise.resolve([{ ...x!, data: Float32Array.from([...x!.data].map((v) => 2 * Number(v))) }]);
    });
    const outputs = await batched(doubling, 3).run([f32([1, 2, 3, 4, 5, 6], [2, 3])]);
    expect(outputs).to.deep.equal([f32([2, 4, 6, 8, 10, 12], [2, 3])]);
  });

  it("refuses outputs that have no rows", async () => {
    const fixed = runtime(() => Promise.resolve([f32([1], [1])]));
    let code = "";
    await batched(fixed, 3)
      .run([f32([1], [1])])
      .catch((error: unknown) => (code = (error as { code: string }).code));
    expect(code).to.equal("BATCH_REFUSED");
  });
});
