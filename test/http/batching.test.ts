import { expect } from "chai";

import { fromHex, tensorFromBytes } from "../../src/audit/bytes.js";
import type { Tensor } from "../../src/audit/graph.js";
import { createRandom, generateInput } from "../../src/calibrate/inputs.js";
import { receiptsOf } from "../../src/dispute/claims.js";
import type { PreparedModel } from "../../src/models/prepared.js";
import { toWire } from "../../src/receipts/wire.js";
import { createNativeRuntime } from "../../src/runtime/native.js";
import type { Runtime } from "../../src/runtime/runtime.js";
import { createSessions, type Sessions } from "../../src/runtime/sessions.js";
import { auditAnswer, nativeAnswerer } from "../../src/worker/answer.js";
import { NOISE, openModel } from "../support/open-model.js";
import { served, type Served } from "../support/served.js";

describe("an endpoint that answers in batches", () => {
  let model: PreparedModel;
  let native: Runtime;
  let sessions: Sessions;
  let worker: Served;
  const rows: number[] = [];

  before(async () => {
    model = await openModel();
    native = await createNativeRuntime(model.runtime);
    const counted: Runtime = {
      ...native,
      run: (inputs) => {
        rows.push(inputs[0]!.shape[0]!);
        return native.run(inputs);
      },
    };
    sessions = await createSessions(() => Promise.resolve(counted), { sessions: 1, batch: 8 });
    worker = served(
      model,
      nativeAnswerer(() => Promise.resolve(sessions)),
    );
  });

  after(async () => {
    await worker.close();
    await native.release();
  });

  const post = (body: object) =>
    worker.server.inject({
      ...{ method: "POST", url: worker.path, headers: { "content-type": "application/json" } },
      payload: toWire(body),
    });

  it("gives each of many requests its own answer, receipt and price, within the noise of the audit machine's", async () => {
    const random = createRandom(5);
    const inputs = Array.from({ length: 40 }, () => [generateInput(model.graph.inputs[0]!, "random", random)]);
    const answers = await Promise.all(inputs.map((each) => post(worker.request(each))));
    expect(answers.map(({ statusCode }) => statusCode)).to.deep.equal(inputs.map(() => 200));
    expect(Math.max(...rows), "some ran together").to.be.within(2, 8);
    expect(rows.reduce((sum, n) => sum + n, 0)).to.equal(inputs.length);
    const kept = receiptsOf(worker.state).entries();
    expect(kept.length).to.equal(inputs.length);
    for (const [i, { payload }] of answers.entries()) {
      const { outputs, receipt } = JSON.parse(payload) as {
        outputs: { data: string }[];
        receipt: { requestId: string };
      };
      const bytes = new Uint8Array(Buffer.from(outputs[0]!.data, "base64"));
      const given = tensorFromBytes(bytes, "f32", [1, 5]);
      const [exact] = auditAnswer(model, inputs[i]!) as [Tensor];
      given.data.forEach((v, k) => expect(Number(v)).to.be.closeTo(Number(exact.data[k]), NOISE / 10));
      const own = kept.find(({ value }) => value.receipt.receipt.requestId === receipt.requestId)!;
      expect(fromHex(own.value.outputs[0]!)).to.deep.equal(bytes);
    }
  });
});
