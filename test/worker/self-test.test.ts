import { expect } from "chai";
import { pino } from "pino";

import { createNativeRuntime } from "../../src/runtime/native.js";
import type { Runtime } from "../../src/runtime/runtime.js";
import { createSessions, type Sessions } from "../../src/runtime/sessions.js";
import { TouchstoneError } from "../../src/errors.js";
import { createMetrics } from "../../src/metrics.js";
import { createSelfTest } from "../../src/worker/self-test.js";
import { digitModel } from "../support/digits.js";
import { NOISE, openModel } from "../support/open-model.js";

const log = pino({ level: "silent" });
const { model } = digitModel();
const { noise, atol, rtol } = model.manifest.outputs[0]!;

/** The native runtime, with its first score moved by a multiple of the published noise level. */
function drifting(runtime: Runtime, by: () => number): Runtime {
  return {
    ...runtime,
    run: async (inputs) => {
      const [scores] = await runtime.run(inputs);
      const data = Float32Array.from(scores!.data as Float32Array);
      data[0]! += by() * noise * (atol + rtol * Math.abs(data[0]!));
      return [{ ...scores!, data }];
    },
  };
}

const single = (runtime: Runtime): Promise<Sessions> =>
  createSessions(() => Promise.resolve(runtime), { sessions: 1, batch: 1 });

const codeOf = (thrown: unknown): string => (thrown as { code: string }).code;

describe("self-test", () => {
  let native: Runtime;
  let by = 0;
  let at = 0;
  let loads = 0;
  const options = { everyMs: 1_000, seed: 42, log, now: () => at };

  before(async () => (native = await createNativeRuntime(model.runtime)));
  after(() => native.release());
  beforeEach(() => ([by, at, loads] = [0, 0, 0]));

  const make = (metrics = createMetrics()) => {
    const runtime = () => {
      loads++;
      return single(drifting(native, () => by));
    };
    return createSelfTest({ ...options, metrics, runtime });
  };

  it("lets a model be served that answers like the audit machine, loaded once", async () => {
    const test = make();
    const [a, b] = await Promise.all([test.runtime(model), test.runtime(model)]);
    expect([a === b, loads, test.maintenance(model)]).to.deep.equal([true, 1, undefined]);
  });

  it("refuses a model that deviates by more than the noise level, from the start", async () => {
    by = 3;
    const test = make();
    expect(codeOf(await test.runtime(model).catch((thrown: unknown) => thrown))).to.equal("SELF_TEST_FAILED");
    expect(test.maintenance(model)).to.include("audit machine");
  });

  it("goes into maintenance when a repeated test drifts, says so in metrics, and comes back when it does not any more", async () => {
    const metrics = createMetrics();
    const test = make(metrics);
    await test.runtime(model);
    const gauge = async (): Promise<unknown> => (await metrics.maintenance.get()).values[0]?.value;
    by = 3;
    at = 999;
    await test.repeat();
    expect([test.maintenance(model), await gauge()]).to.deep.equal([undefined, 0]);
    at = 1_000;
    await test.repeat();
    expect(test.maintenance(model)).to.be.a("string");
    expect(await gauge()).to.equal(1);
    expect(codeOf(await test.runtime(model).catch((thrown: unknown) => thrown))).to.equal("SELF_TEST_FAILED");
    by = 0;
    at = 2_000;
    await test.repeat();
    expect([test.maintenance(model), await gauge()]).to.deep.equal([undefined, 0]);
    await test.runtime(model);
  });

  it("leaves a model without a native runtime to the audit machine: that is no maintenance", async () => {
    const refusal = new TouchstoneError("RUNTIME_HAZARD", "an input could end the process");
    const test = createSelfTest({ ...options, runtime: () => Promise.reject(refusal) });
    expect(await test.runtime(model).catch((thrown: unknown) => thrown)).to.equal(refusal);
    expect(test.maintenance(model)).to.equal(undefined);
  });

  it("refuses a model whose batches deviate, though each answer alone does not", async () => {
    const open = await openModel();
    const real = await createNativeRuntime(open.runtime);
    const asked: number[] = [];
    let isWrong = false;
    const runtime: Runtime = {
      ...real,
      run: async (inputs) => {
        const rows = inputs[0]!.shape[0]!;
        asked.push(rows);
        const [y] = await real.run(inputs);
        const data = (y!.data as Float32Array).map((v) => v + (isWrong && rows > 1 ? 2 * NOISE : 0));
        return [{ ...y!, data }];
      },
    };
    const pool = () => createSessions(() => Promise.resolve(runtime), { sessions: 1, batch: 3 });
    await createSelfTest({ ...options, runtime: pool }).runtime(open);
    expect(asked).to.deep.equal([1, 3]);
    isWrong = true;
    const test = createSelfTest({ ...options, runtime: pool });
    expect(codeOf(await test.runtime(open).catch((thrown: unknown) => thrown))).to.equal("SELF_TEST_FAILED");
    expect(test.maintenance(open)).to.include("in a batch of 3");
    await real.release();
  });
});
