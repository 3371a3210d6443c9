import { expect } from "chai";

import { bitsOf } from "../../src/audit/compile/bits.js";
import type { Tensor } from "../../src/audit/graph.js";
import { TouchstoneError } from "../../src/errors.js";
import { createSessionHost, type SessionHost } from "../../src/runtime/isolated.js";
import { createRuntimePool } from "../../src/runtime/pool.js";
import type { RuntimeModel } from "../../src/runtime/runtime.js";
import { vetInChild } from "../../src/runtime/vet.js";
import { info, model, node } from "../support/onnx-model.js";

/** Integer division, whose divisor is an input: -1 under the smallest integer ends the process that computes it. */
const QUOTIENT: RuntimeModel = {
  bytes: model({
    inputs: [info("a", "i32", [3]), info("b", "i32", [3])],
    outputs: ["y"],
    nodes: [node("Div", ["a", "b"], ["y"])],
  }),
  inputNames: ["a", "b"],
  outputNames: ["y"],
  bound: [],
};

const i32 = (...values: number[]): Tensor => ({ dtype: "i32", shape: [values.length], data: Int32Array.from(values) });
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "none",
    (error: unknown) => (error as { code: string }).code,
  );

describe("native sessions in a child process", function () {
  this.timeout(60_000);
  let host: SessionHost;

  beforeEach(() => {
    host = createSessionHost();
  });

  afterEach(() => host.close());

  it("answer like sessions of one's own, several at a time", async () => {
    const [a, b] = await Promise.all([host.load(QUOTIENT), host.load(QUOTIENT, { optimisation: "disabled" })]);
    const [x, y] = await Promise.all([a.run([i32(7, -7, 9), i32(2, 2, 3)]), b.run([i32(1, 2, 3), i32(1, 1, 1)])]);
    expect([...x[0]!.data]).to.deep.equal([3, -3, 3]);
    expect([...y[0]!.data]).to.deep.equal([1, 2, 3]);
    expect(b.label).to.match(/native.*opt=disabled/);
    await a.release();
    expect(await codeOf(a.run([i32(1, 1, 1), i32(1, 1, 1)]))).to.not.equal("none");
  });

  it("that divide the smallest integer by -1 die alone, and others start after them", async () => {
    const runtime = await host.load(QUOTIENT);
    expect(await codeOf(runtime.run([i32(-(2 ** 31), 1, 1), i32(-1, 1, 1)]))).to.equal("RUNTIME_DIED");
    expect(await codeOf(runtime.run([i32(1, 1, 1), i32(1, 1, 1)]))).to.equal("RUNTIME_DIED");
    const next = await host.load(QUOTIENT);
    expect([...(await next.run([i32(4, 4, 4), i32(2, 2, 2)]))[0]!.data]).to.deep.equal([2, 2, 2]);
    // This runtime looks for zeros itself.
    expect(await codeOf(next.run([i32(1, 1, 1), i32(0, 1, 1)]))).to.equal("RUNTIME_FAILED");
  });

  it("that cannot be loaded, or hang, are named errors", async () => {
    const broken = { ...QUOTIENT, bytes: QUOTIENT.bytes.slice(0, -7) };
    expect(await codeOf(host.load(broken))).to.equal("MODEL_REFUSED_BY_RUNTIME");
    const impatient = createSessionHost({ timeoutMs: 1 });
    expect(await codeOf(impatient.load(QUOTIENT))).to.equal("RUNTIME_DIED");
    impatient.close();
  });

  it("judge a model before a role loads it", async () => {
    const spec = (name: string, lo: number, hi: number) => ({
      ...{ name, dtype: "i32" as const, shape: [3] },
      ...{ lo: bitsOf("i32", lo), hi: bitsOf("i32", hi) },
    });
    const candidate = (least: number) => ({
      runtime: QUOTIENT,
      graph: { inputs: [spec("a", -(2 ** 31), 9), spec("b", least, 9)] },
    });
    await vetInChild(candidate(1), {});
    // An input that the runtime refuses harms nobody; one that ends it does.
    await vetInChild(candidate(0), {});
    expect(await codeOf(vetInChild(candidate(-1), {}))).to.equal("RUNTIME_DIED");
  });

  it("are no part of a pool, which refuses models with a hazard and those that were judged so", async () => {
    const settings = { engine: "native", provider: "cpu", threads: 1, optimisation: "all" } as const;
    const pool = createRuntimePool(settings);
    expect(await codeOf(pool({ contentId: "1", runtime: { ...QUOTIENT, hazard: "y (Div)" } }))).to.equal(
      "RUNTIME_HAZARD",
    );
    let asked = 0;
    const vetted = createRuntimePool(settings, () => {
      asked++;
      return Promise.reject(new TouchstoneError("REFUSED", "as asked"));
    });
    for (let i = 0; i < 2; i++) {
      expect(await codeOf(vetted({ contentId: "1", runtime: QUOTIENT }))).to.equal("REFUSED");
    }
    expect(asked).to.equal(1);
  });
});
