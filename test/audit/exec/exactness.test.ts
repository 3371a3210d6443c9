import { expect } from "chai";
import * as ports from "../../../src/audit/exec/fast/elementary.js";
import { engineOf, type KernelChoice } from "../../../src/audit/exec/fast/engine.js";
import { createExecutor, executeFast } from "../../../src/audit/exec/fast/execute.js";
import { powPositive } from "../../../src/audit/exec/fast/pow.js";
import { readElement, writeElement } from "../../../src/audit/exec/elements.js";
import { ELEMENTARY, encloseElementary, type ElementaryFn } from "../../../src/audit/exec/reference/elementary.js";
import { evaluateElement } from "../../../src/audit/exec/reference/execute.js";
import { exp, log } from "../../../src/audit/exec/reference/fixed.js";
import { decode } from "../../../src/audit/exec/reference/binary32.js";
import { reduce } from "../../../src/audit/exec/reference/reduce.js";
import type { AuditGraph, AuditNode, ReduceNode, Tensor, View } from "../../../src/audit/graph.js";
import { fuzzCases, fuzzSeed } from "../../support/fuzz.js";
import { hostileTerms } from "../../support/hostile.js";
import { sampleTensor } from "../../support/sample-tensors.js";
import { createRandom, floatBits, floatOf, randomBits } from "../../support/samples.js";

/** |value - units * 2^-scale| over the latter, for a finite binary64 value. */
function relativeError(value: number, units: bigint, scale: number): number {
  let [mantissa, exponent] = [value, 0];
  while (!Number.isInteger(mantissa)) {
    mantissa *= 2;
    exponent--;
  }
  const shift = exponent + scale;
  const exact = shift >= 0 ? BigInt(mantissa) << BigInt(shift) : BigInt(mantissa) >> BigInt(-shift);
  return Math.abs(Number(exact - units) / Number(units));
}

const CHOICES: readonly KernelChoice[] = ["best", "plain"];

/** The bound that rounding.ts relies on. */
const BOUND = 2 ** -48;
const inRange = (value: number): boolean => Math.abs(value) < 2 ** 128 && Math.abs(value) > 2 ** -150;

function view(index: number, numel: number, coef: readonly number[]): View {
  return { source: { kind: "input", index }, dtype: "f32", numel, base: 0, coef, guards: [], fill: 0n };
}

function graphOf(node: AuditNode, inputs: readonly Tensor[]): AuditGraph {
  const specs = inputs.map(({ dtype, shape }, i) => ({ name: `x${i}`, dtype, shape, lo: 0n, hi: 0n }));
  return { inputs: specs, weights: [], nodes: [node], outputs: [], bound: [] };
}

function floats(bits: readonly bigint[]): Tensor {
  const data = new Float32Array(bits.length);
  bits.forEach((value, i) => {
    writeElement(data, "f32", i, value);
  });
  return { dtype: "f32", shape: [bits.length], data };
}

describe("binary64 functions of the fast executor", () => {
  for (const fn of Object.keys(ELEMENTARY) as ElementaryFn[]) {
    it(`${fn} is rounded already, or errs by less than 2^-48`, () => {
      const random = createRandom(fuzzSeed);
      for (let i = 0; i < fuzzCases(1000); i++) {
        const bits = randomBits("f32", random);
        const value = ports[fn](floatOf(bits));
        const enclosure = encloseElementary(fn, bits, 96);
        if (enclosure === undefined || !inRange(value)) continue;
        if (Math.fround(value) === value && floatBits(value) === ELEMENTARY[fn](bits)) continue;
        const error = relativeError(value, enclosure.value, enclosure.scale);
        expect(error < BOUND, `${fn} of 0x${bits.toString(16)} errs by 2^${Math.log2(error)}`).to.equal(true);
      }
    });
  }

  it("pow errs by less than 2^-48", () => {
    const random = createRandom(fuzzSeed);
    for (let i = 0; i < fuzzCases(2000); i++) {
      // Near 1 with large exponents, where the logarithm's relative error counts, and anywhere.
      const near = random() % 2 === 0;
      const x = Math.abs(floatOf(near ? 0x3f800000n + BigInt((random() % 4096) - 2048) : randomBits("f32", random)));
      const y = near ? floatOf(floatBits((random() / 2 ** 31 - 1) * 2 ** (random() % 30))) : (random() % 200) / 8 - 12;
      if (!(x > 0 && x < Infinity) || x === 1 || y === 0) continue;
      const value = powPositive(x, y);
      if (!inRange(value)) continue;
      const [base, exponent] = [decode(floatBits(x)), decode(floatBits(y))];
      if (base.kind !== "finite" || exponent.kind !== "finite") continue;
      const product = log(base.mantissa, base.exponent, 192) * exponent.mantissa * (exponent.negative ? -1n : 1n);
      const scaled =
        exponent.exponent < 0 ? product >> BigInt(-exponent.exponent) : product << BigInt(exponent.exponent);
      const { mantissa, shift } = exp(scaled, 192);
      const error = relativeError(value, mantissa, 192 - shift);
      expect(error < BOUND, `${x} ^ ${y} errs by 2^${Math.log2(error)}`).to.equal(true);
    }
  });
});

describe("exact sums of the fast executor", () => {
  const { kernels, base, buffer, reach } = engineOf("best");

  /** RN((sum of products + bias) / divisor) by the kernel that sums rows, and whether its accumulator was asked. */
  function sumOf(a: number[], b: number[], bias = -0, divisor = 1, factor = 1): { sum: number; isExact: boolean } {
    const start = Math.ceil(base / 64) * 64;
    const size = 4 * a.length;
    reach(start + 2 * size + 64);
    new Float32Array(buffer(), start, a.length).set(a);
    new Float32Array(buffer(), start + size, b.length).set(b);
    const rest = new Float32Array(buffer(), start + 2 * size, 2);
    rest[0] = bias;
    kernels.takeUndecided();
    const [biasAt, out] = [rest.byteOffset, rest.byteOffset + 4];
    kernels.roundedRows(start, start + size, 0, a.length, 1, biasAt, 0, factor, divisor, out);
    return { sum: rest[1]!, isExact: kernels.takeUndecided() === 1 };
  }

  /** The same by the accumulator: a radius as large as the terms decides nothing. */
  function exactSum(a: number[], b: number[], bias?: number, divisor?: number): number {
    const { sum, isExact } = sumOf(a, b, bias, divisor);
    expect(isExact).to.equal(true);
    return sum;
  }

  it("are asked for where the bits or the sign of a zero are open, and only there", () => {
    const tiny = 2 ** -80;
    expect(sumOf([-tiny], [tiny], undefined, undefined, 32)).to.deep.equal({ sum: -0, isExact: true });
    expect(sumOf([-tiny], [tiny], undefined, undefined, 2 ** -10)).to.deep.equal({ sum: -0, isExact: false });
    expect(sumOf([-0], [0])).to.deep.equal({ sum: -0, isExact: false });
    expect(sumOf([0], [0])).to.deep.equal({ sum: 0, isExact: false });
    expect(sumOf([1, 2 ** -24], [1, 1], undefined, undefined, 2 ** -50)).to.deep.equal({ sum: 1, isExact: true });
    expect(sumOf([1], [1], undefined, undefined, 2 ** -50)).to.deep.equal({ sum: 1, isExact: false });
    expect(sumOf([NaN, 1], [1, 1])).to.deep.equal({ sum: NaN, isExact: false });
    expect(sumOf([Infinity, 1], [1, 1])).to.deep.equal({ sum: Infinity, isExact: false });
    expect(sumOf([Infinity, -Infinity], [1, 1])).to.deep.equal({ sum: NaN, isExact: false });
  });

  it("hold every spread of exponents", () => {
    const spread = [2 ** 127, 2 ** -149, -(2 ** 127)];
    expect(exactSum(spread, [2 ** 127, 2 ** -149, 2 ** 127], 2 ** -149)).to.equal(2 ** -149);
    expect(exactSum(spread, [2 ** 127, 2 ** -149, 2 ** 127])).to.equal(0);
    expect(exactSum([2 ** 64, 2 ** -75], [2 ** 64, 2 ** -75], -(2 ** 127))).to.equal(2 ** 127);
    expect(exactSum([-(2 ** 64)], [2 ** 64])).to.equal(-Infinity);
    expect(exactSum([1, 1, 1], [1, 2 ** -24, 2 ** -149])).to.equal(1 + 2 ** -23);
    expect(exactSum([1, 1], [1, 2 ** -24])).to.equal(1);
    expect(exactSum([1, 1, 1], [1, 2, 2], undefined, 3)).to.equal(Math.fround(5 / 3));
    expect(exactSum([2 ** -149], [1], undefined, 2)).to.equal(0);
    expect(exactSum([-(2 ** -149)], [1], undefined, 2)).to.equal(-0);
    expect(exactSum([2 ** -149, 2 ** -149], [1, 2], undefined, 2)).to.equal(2 ** -148);
    expect(exactSum([2 ** 127], [1], undefined, 2 ** 31 - 1)).to.equal(Math.fround(2 ** 127 / (2 ** 31 - 1)));
    expect(sumOf([-0, -0], [1, 1])).to.deep.equal({ sum: -0, isExact: false });
    expect(exactSum([1, -1], [1, 1])).to.equal(0);
  });

  it("round every place of the head and the tail", () => {
    // 2^e + 2^(e-24) is a tie, and anything below it, however far, breaks it.
    for (let e = 120; e > -120; e--) {
      for (const nudge of [0, 2 ** -149, -(2 ** -149)]) {
        const up = nudge > 0 ? 2 ** (e - 23) : 0;
        expect(exactSum([2 ** e, 2 ** (e - 24), nudge], [1, 1, 2 ** -80])).to.equal(2 ** e + up);
        const down = nudge < 0 ? -(2 ** (e - 23)) : 0;
        expect(exactSum([-(2 ** e), -(2 ** (e - 24)), nudge], [1, 1, 2 ** -80])).to.equal(-(2 ** e) + down);
      }
    }
  });

  it("carry hundreds of products with all bits set", () => {
    const x = 2 ** 24 - 1;
    const times = (count: number, value: number): number[] => Array.from({ length: count }, () => value);
    // At some of these scales both kinds of products share a digit.
    for (let scale = 1; scale < 2 ** 24; scale *= 2) {
      const a = [...times(280, x * scale), ...times(10, x * scale * 2 ** -23), ...times(280, -x * scale)];
      expect(exactSum(a, times(a.length, x))).to.equal(Math.fround(10 * x * x * scale * 2 ** -23));
    }
    const big = Math.fround(3.4e38);
    const many = Array.from({ length: 5000 }, (_, i) => (i % 2 === 0 ? big : -big));
    expect(exactSum([...many, 1], [...many.map(() => big), 2 ** -100])).to.equal(2 ** -100);
  });

  it("decide sums at and beside the middle of two numbers, at any length", function () {
    this.timeout(0);
    const random = createRandom(fuzzSeed);
    for (let i = 0; i < fuzzCases(300); i++) {
      const count = random() % 3 === 0 ? 200 + (random() % 2000) : 1 + (random() % 60);
      const { a, b, bias } = hostileTerms(count, random());
      const lists = [floats(a), floats(b)];
      // As sixteen rows of a matrix product, and as one sum by itself.
      for (const out of [[16], []]) {
        const coef = out.length > 0 ? [0, 1] : [1];
        const immediate = { source: { kind: "immediate" }, dtype: "f32", value: bias } as const;
        const operands = [view(0, a.length, coef), view(1, b.length, coef), immediate];
        const node: ReduceNode = {
          kind: "reduce",
          fn: "dot",
          dtype: "f32",
          out,
          red: [a.length],
          operands,
          steps: [],
          label: "",
        };
        const expected = reduce("dot", ["f32", "f32", "f32"], "f32", { lists: [a, b], bias });
        for (const choice of CHOICES) {
          const [result] = createExecutor(graphOf(node, lists), choice).trace(lists);
          for (let r = 0; r < result!.data.length; r++) {
            expect(readElement(result!.data, "f32", r), `case ${i}, ${a.length} terms, ${choice}`).to.equal(expected);
          }
        }
      }
    }
  });
});

describe("fast executor on spaces that it cuts", () => {
  /** Compares some elements with the reference's. */
  function compareSome(node: AuditNode, inputs: readonly Tensor[], count: number): void {
    const random = createRandom(fuzzSeed);
    const graph = graphOf(node, inputs);
    const trace = executeFast(graph, inputs);
    const { data, dtype } = trace[0]!;
    for (let i = 0; i < count; i++) {
      // The ends too: there pieces overlap.
      const element = i < 40 ? data.length - 1 - i : random() % data.length;
      expect(readElement(data, dtype, element), `element ${element}`).to.equal(
        evaluateElement(graph, trace, inputs, 0, element),
      );
    }
  }

  it("adds 3 x 4999 elements in order and reversed, with a step", () => {
    const inputs = [0, 1].map((seed) => sampleTensor("f32", [3 * 4999], seed, "usual"));
    const out = [3, 4999];
    const reversed: View = { ...view(1, 14997, [-4999, -1]), base: 14996 };
    const steps = [{ fn: "mul", dtype: "f32", chain: 1, operands: [view(0, 14997, [1, 3])] } as const];
    compareSome(
      { kind: "map", fn: "add", dtype: "f32", out, operands: [view(0, 14997, [4999, 1]), reversed], steps, label: "" },
      inputs,
      300,
    );
  });

  it("multiplies matrices of 103 x 301 x 457", () => {
    const [m, k, n] = [103, 301, 457];
    const inputs = [sampleTensor("f32", [m * k], 2, "usual"), sampleTensor("f32", [k * n], 3, "usual")];
    const operands = [view(0, m * k, [k, 0, 1]), view(1, k * n, [0, 1, n])];
    const node: AuditNode = {
      kind: "reduce",
      fn: "dot",
      dtype: "f32",
      out: [m, n],
      red: [k],
      operands,
      steps: [],
      label: "",
    };
    compareSome(node, inputs, 300);
    compareSome(
      { ...node, out: [n, m], operands: [view(1, k * n, [1, 0, n]), view(0, m * k, [0, k, 1])] },
      inputs,
      300,
    );
  });

  it("takes means and maxima of 1003 lists of 37", () => {
    const inputs = [sampleTensor("f32", [1003 * 37], 4, "grid")];
    const operands = [view(0, 1003 * 37, [1, 1003])];
    for (const fn of ["mean", "max"] as const) {
      compareSome(
        { kind: "reduce", fn, dtype: "f32", out: [1003], red: [37], operands, steps: [], label: "" },
        inputs,
        300,
      );
    }
  });
});
