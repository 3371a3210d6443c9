import { newArray } from "../../../src/audit/bytes.js";
import { writeElement } from "../../../src/audit/exec/elements.js";
import { createExecutor } from "../../../src/audit/exec/fast/execute.js";
import { executeReference } from "../../../src/audit/exec/reference/execute.js";
import type { AuditGraph, AuditNode, DType, Tensor, View } from "../../../src/audit/graph.js";
import { fuzzCases, fuzzSeed } from "../../support/fuzz.js";
import { dice, MAP_SIGNATURES, REDUCE_SIGNATURES } from "../../support/graphs.js";
import { hardOperands } from "../../support/hard-cases.js";
import { FLAVOURS, inFlavour, sampleTensor } from "../../support/sample-tensors.js";
import { createRandom, edgeBits } from "../../support/samples.js";
import { randomOperands } from "../../support/scalar-vectors.js";
import { expectSameTrace } from "../../support/traces.js";
import { SHAPES } from "../../support/node-shapes.js";

/*
 * Fast against reference, function by function and shape by shape. TOUCHSTONE_FUZZ_CASES sets the elements compared per
 * function or shape; 100000 takes a quarter of an hour.
 */

/** With relaxed SIMD, where the engine has it, and without. */
const CHOICES = ["best", "plain"] as const;

type Signature = (typeof MAP_SIGNATURES)[number] | (typeof REDUCE_SIGNATURES)[number];

const isFloats = ({ operands }: Signature): boolean => operands.every((dtype) => dtype === "f32");

/** Elements per graph: a few boxes, so that the cuts between them are tested too. */
const AT_ONCE = 10_000;

function tensorOf(dtype: DType, bits: readonly bigint[]): Tensor {
  const data = newArray(dtype, bits.length);
  bits.forEach((value, i) => {
    writeElement(data, dtype, i, value);
  });
  return { dtype, shape: [bits.length], data };
}

function graphOf(node: AuditNode, inputs: readonly Tensor[]): AuditGraph {
  const specs = inputs.map(({ dtype, shape }, i) => ({ name: `x${i}`, dtype, shape, lo: 0n, hi: 0n }));
  return { inputs: specs, weights: [], nodes: [node], outputs: [], bound: [] };
}

function view(index: number, { dtype, data }: Tensor, coef: readonly number[]): View {
  return { source: { kind: "input", index }, dtype, numel: data.length, base: 0, coef, guards: [], fill: 0n };
}

function compare(node: AuditNode, inputs: readonly Tensor[]): void {
  const graph = graphOf(node, inputs);
  const expected = executeReference(graph, inputs);
  for (const choice of CHOICES) expectSameTrace(graph, createExecutor(graph, choice).trace(inputs), expected);
}

/** Calls back with sizes that add up to the cases of one function, or its share for one of many signatures. */
function inPortions(cases: number, run: (count: number) => void): void {
  for (let left = cases; left > 0; left -= AT_ONCE) run(Math.min(left, AT_ONCE));
}

function compareMap(signature: (typeof MAP_SIGNATURES)[number], cases: number, random: () => number): void {
  const { fn, operands, result } = signature;
  const edges = operands.length === 1 ? edgeBits(operands[0]!).map((bits) => [bits]) : [];
  const hard = [...edges, ...hardOperands(fn, operands)];
  inPortions(cases, (count) => {
    const rows = [...hard, ...Array.from({ length: count }, () => randomOperands(signature, random))];
    const inputs = operands.map((dtype, k) =>
      tensorOf(
        dtype,
        rows.map((row) => row[k]!),
      ),
    );
    const views = inputs.map((tensor, k) => view(k, tensor, [1]));
    compare({ kind: "map", fn, dtype: result, out: [rows.length], operands: views, steps: [], label: "" }, inputs);
  });
}

/** Lists of one length, read along rows or columns of a matrix; rank attributes for `argkth`. */
function compareReduce(signature: (typeof REDUCE_SIGNATURES)[number], cases: number, random: () => number): void {
  const { fn, operands, result } = signature;
  const flavours = isFloats(signature) ? FLAVOURS : (["any"] as const);
  for (let left = cases, round = 0; left > 0; round++) {
    const terms = 1 + (random() % (round % 5 === 4 ? 300 : 24));
    const lists = Math.min(left, 1 + (random() % 200));
    const ranks = fn === "argkth" ? 1 + (random() % Math.min(terms, 4)) : 0;
    left -= lists * Math.max(1, ranks);
    const flavour = flavours[round % flavours.length]!;
    const inputs = operands.map((dtype, k) => sampleTensor(dtype, [k < 2 ? lists * terms : lists], random(), flavour));
    const along = random() % 2 === 0 ? { list: terms, term: 1 } : { list: 1, term: lists };
    const rank = ranks > 0 ? [0] : [];
    const views = inputs.map((tensor, k) => view(k, tensor, k < 2 ? [along.list, ...rank, along.term] : [1, 0]));
    const base = { kind: "reduce", fn, dtype: result, red: [terms], operands: views, steps: [], label: "" } as const;
    if (ranks === 0) compare({ ...base, out: [lists] }, inputs);
    else compare({ ...base, out: [lists, ranks], argkth: { kRank: 1, largest: random() % 2 === 0 } }, inputs);
  }
}

/** One test per function, over all its signatures; those of floats alone count most. */
function describeFunctions<S extends Signature>(
  signatures: readonly S[],
  usual: number,
  compareOne: (signature: S, cases: number, random: () => number) => void,
): void {
  for (const fn of new Set(signatures.map((signature) => signature.fn))) {
    it(fn, function () {
      this.timeout(0);
      const random = createRandom(fuzzSeed);
      const own = signatures.filter((signature) => signature.fn === fn);
      const cases = fuzzCases(usual);
      const share = Math.ceil(cases / own.length);
      for (const signature of own) compareOne(signature, isFloats(signature) ? cases : share, random);
    });
  }
}

describe("fast executor against the reference", () => {
  before(() => {
    console.log(`      ${fuzzCases(1)} times the usual cases, FUZZ_SEED=${fuzzSeed}`);
  });

  describe("scalar functions", () => {
    describeFunctions(
      MAP_SIGNATURES.filter(({ fn }) => fn !== "pick"),
      1000,
      compareMap,
    );
  });

  describe("reductions", () => {
    describeFunctions(REDUCE_SIGNATURES, 300, compareReduce);
  });

  describe("views", () => {
    for (const [name, shape] of Object.entries(SHAPES)) {
      it(name, function () {
        this.timeout(0);
        const chance = dice(fuzzSeed);
        for (let left = fuzzCases(2000); left > 0;) {
          const flavour = chance.of(FLAVOURS);
          const { graph, inputs } = inFlavour(shape(chance), chance.roll(2 ** 31), flavour);
          const expected = executeReference(graph, inputs);
          for (const choice of CHOICES) {
            expectSameTrace(graph, createExecutor(graph, choice).trace(inputs), expected);
          }
          left -= expected[0]!.data.length;
        }
      });
    }
  });
});
