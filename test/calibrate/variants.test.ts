import { expect } from "chai";

import type { Tensor } from "../../src/audit/graph.js";
import { createRandom } from "../../src/calibrate/inputs.js";
import { pruned } from "../../src/calibrate/variants/changed.js";
import { int8 } from "../../src/calibrate/variants/int8.js";
import { bf16, fp16, tf32 } from "../../src/calibrate/variants/rounded.js";
import { readModel } from "../../src/onnx/model.js";
import { readTensor } from "../../src/onnx/tensor.js";
import { createNativeRuntime } from "../../src/runtime/native.js";
import type { OptimisationLevel } from "../../src/runtime/runtime.js";
import { f32, info, model, node } from "../support/onnx-model.js";

async function run(bytes: Uint8Array, inputs: readonly Tensor[], optimisation: OptimisationLevel = "all") {
  const names = (readModel(bytes).graph?.input ?? []).map(({ name }) => name);
  const runtime = await createNativeRuntime(
    { bytes, inputNames: names, outputNames: ["y"], bound: [] },
    { optimisation },
  );
  const [output] = await runtime.run(inputs);
  await runtime.release();
  return [...output!.data].map(Number);
}

/** The nearest number with `bits` significant bits, both where two are as near; multiples of `least` where x is tiny. */
function nearest(x: number, bits: number, least: number): number[] {
  if (x === 0) return [0];
  const unit = Math.max(least, 2 ** (Math.floor(Math.log2(Math.abs(x))) - bits + 1));
  const [low, high] = [Math.floor(x / unit) * unit, Math.ceil(x / unit) * unit];
  if (x - low === high - x) return [low, high];
  return [x - low < high - x ? low : high];
}

describe("rounded operands", () => {
  const random = createRandom(5);
  const numbers = (count: number): number[] =>
    Array.from({ length: count }, () => Math.fround((random() - 0.5) * 2 ** Math.floor(random() * 20 - 10)));
  const outer = model({
    inputs: [info("x", "f32", [64, 1])],
    outputs: ["y"],
    nodes: [node("MatMul", ["x", "w"], ["y"])],
    weights: { w: f32(numbers(64), [1, 64]) },
  });
  const weights = [...(readTensor(readModel(outer).graph!.initializer[0]!).data as Float32Array)];
  const xs = [...numbers(60), 0, 1 + 2 ** -11, 1 + 3 * 2 ** -11, -1 - 2 ** -8];

  for (const [name, variant, bits, least] of [
    ["tf32", tf32, 11, 0],
    ["fp16", fp16, 11, 2 ** -24],
    ["bf16", bf16, 8, 0],
  ] as const) {
    for (const optimisation of ["disabled", "all"] as const) {
      it(`${name} keeps ${bits} bits of both factors of a product, optimisation ${optimisation}`, async () => {
        const got = await run(variant(outer), [f32(xs, [64, 1])], optimisation);
        for (const [i, x] of xs.entries()) {
          for (const [k, w] of weights.entries()) {
            // Products of two such numbers are exact in binary32.
            const right = nearest(x, bits, least).flatMap((a) => nearest(w, bits, least).map((b) => a * b + 0));
            expect(right, `${x} * ${w}`).to.include(got[i * 64 + k]! + 0);
          }
        }
      });
    }
  }

  it("fp16 overflows where binary16 does, tf32 does not", async () => {
    const large = [f32(new Array<number>(64).fill(70_000), [64, 1])];
    expect(await run(fp16(outer), large)).to.satisfy((y: number[]) => y.every((v) => !Number.isFinite(v)));
    expect(await run(tf32(outer), large)).to.satisfy((y: number[]) => y.every(Number.isFinite));
  });

  it("refuses a model without products", () => {
    const relu = model({ inputs: [info("x", "f32", [2])], outputs: ["y"], nodes: [node("Relu", ["x"], ["y"])] });
    for (const variant of [tf32, fp16, bf16, int8, pruned]) {
      expect(() => variant(relu))
        .to.throw()
        .with.property("code", "VARIANT_IMPOSSIBLE");
    }
  });
});

describe("int8", () => {
  const random = createRandom(6);
  const numbers = (count: number): number[] => Array.from({ length: count }, () => Math.fround(random() * 2 - 1));
  const w = numbers(24);
  const bias = numbers(4);
  const x = numbers(6);

  /** Dynamic quantisation as ONNX defines it, then exact integers. */
  function expected(matrix: (k: number, n: number) => number): number[] {
    const [lo, hi] = [Math.min(0, ...x), Math.max(0, ...x)];
    const xs = Math.fround((hi - lo) / 255);
    const zero = Math.round(-lo / xs);
    const xq = x.map((v) => Math.min(255, Math.max(0, Math.round(v / xs) + zero)) - zero);
    const ws = Math.max(...w.map(Math.abs)) / 127;
    return bias.map((b, n) => xq.reduce((sum, v, k) => sum + v * Math.round(matrix(k, n) / ws), 0) * xs * ws + b);
  }

  const cases = {
    "Gemm, weight transposed": {
      shape: [4, 6],
      attributes: { transB: 1 },
      matrix: (k: number, n: number) => w[n * 6 + k]!,
    },
    Gemm: { shape: [6, 4], attributes: {}, matrix: (k: number, n: number) => w[k * 4 + n]! },
  };
  for (const [name, { shape, attributes, matrix }] of Object.entries(cases)) {
    it(`quantises ${name}`, async () => {
      const bytes = model({
        inputs: [info("x", "f32", [1, 6])],
        outputs: ["y"],
        nodes: [node("Gemm", ["x", "w", "b"], ["y"], attributes)],
        weights: { w: f32(w, shape), b: f32(bias) },
      });
      const got = await run(int8(bytes), [f32(x, [1, 6])]);
      expected(matrix).forEach((y, n) => expect(got[n]).to.be.closeTo(y, 1e-5));
    });
  }

  it("quantises a convolution with a bias", async () => {
    const bytes = model({
      inputs: [info("x", "f32", [1, 6, 1, 1])],
      outputs: ["y"],
      nodes: [node("Conv", ["x", "w", "b"], ["y"])],
      weights: { w: f32(w, [4, 6, 1, 1]), b: f32(bias) },
    });
    const got = await run(int8(bytes), [f32(x, [1, 6, 1, 1])]);
    expected((k, n) => w[n * 6 + k]!).forEach((y, n) => expect(got[n]).to.be.closeTo(y, 1e-5));
  });

  it("raises slices of old files to the opset that it needs", async () => {
    const bytes = model(
      {
        inputs: [info("x", "f32", [1, 8])],
        outputs: ["y"],
        nodes: [
          node("Slice", ["x"], ["part"], { axes: [1], starts: [1], ends: [7] }),
          node("MatMul", ["part", "w"], ["product"]),
          node("Add", ["product", "b"], ["y"]),
        ],
        weights: { w: f32(w, [6, 4]), b: f32(bias) },
      },
      { opset: 9 },
    );
    const got = await run(int8(bytes), [f32([9, ...x, 9], [1, 8])]);
    expected((k, n) => w[k * 4 + n]!).forEach((y, n) => expect(got[n]).to.be.closeTo(y, 1e-5));
  });
});

it("pruning drops the smallest twentieth of each weight", () => {
  const values = Array.from({ length: 100 }, (_, i) => (i % 2 ? 1 : -1) * (i + 1));
  const bytes = model({
    inputs: [info("x", "f32", [1, 10])],
    outputs: ["y"],
    nodes: [node("MatMul", ["x", "w"], ["y"])],
    weights: { w: f32(values, [10, 10]) },
  });
  const after = [...(readTensor(readModel(pruned(bytes)).graph!.initializer[0]!).data as Float32Array)];
  expect(after.slice(0, 5)).to.deep.equal([0, 0, 0, 0, 0]);
  expect(after.slice(5)).to.deep.equal(values.slice(5));
});
