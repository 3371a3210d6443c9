import { expect } from "chai";
import { network } from "hardhat";

import { commitGraph } from "../../src/audit/content.js";
import {
  type DType,
  DTYPE_BYTES,
  type GatherNode,
  type MapNode,
  resultSize,
  type Tensor,
} from "../../src/audit/graph.js";
import { executeReference } from "../../src/audit/exec/reference/execute.js";
import { tensorTree, tensorTreeOfBytes } from "../../src/audit/tree.js";
import type { Arbiter } from "../../typechain-types/index.js";
import { smallRun } from "../support/accusations.js";
import { deployArbiter } from "../support/arbiter.js";
import { fuzzSeed } from "../support/fuzz.js";
import { graphOf, input, integerTensor, nodeResult, rowMajor } from "../support/graph-parts.js";
import { packBits } from "../support/reductions.js";
import { alterElement, bitsAt, type Case, caseOf, runGraph, type Run } from "../support/runs.js";
import { createRandom } from "../support/samples.js";

const f32 = (...bits: number[]): Tensor => ({
  dtype: "f32",
  shape: [bits.length],
  data: new Float32Array(Uint32Array.from(bits).buffer),
});

/** Attacks of docs/attacks.md by whoever asserts a trace: one wrong element anywhere is found by itself. */
describe("attacks by false traces", () => {
  let arbiter: Arbiter;

  before(async () => {
    arbiter = await deployArbiter(await network.create());
  });

  const check = ({ facts, evidence }: Case) => arbiter.check(facts, evidence);
  const judge = (run: Run, node: number, element: number) => check(caseOf(run, node, element));

  it("56: one bad element at a random place is found, and no other is called bad", async () => {
    console.log(`      FUZZ_SEED=${fuzzSeed}`);
    const random = createRandom(fuzzSeed);
    const run = smallRun();
    for (let tries = 0; tries < 20; tries++) {
      const node = random() % 3;
      const element = random() % resultSize(run.graph.nodes[node]!);
      const bad = alterElement(run, node, element, bitsAt(run, node, element) ^ (1n << BigInt(random() % 32)));
      expect(await judge(bad, node, element)).to.equal(false);
      const other = random() % resultSize(run.graph.nodes[node]!);
      if (other !== element) expect(await judge(bad, node, other)).to.equal(true);
    }
  });

  it("63: NaN, infinities, -0 and subnormal numbers are judged by their bits", async () => {
    const values = [0x7fc00000, 0x7f800000, 0xff800000, 0x80000000, 0, 1, 0x80000001, 0x007fffff];
    const x = f32(...values);
    const copy: MapNode = {
      ...{ kind: "map", fn: "copy", dtype: "f32", out: [values.length], steps: [], label: "" },
      operands: [rowMajor(input(0), [values.length])],
    };
    const run = runGraph(graphOf([copy], [x]), [x]);
    for (const [element, bits] of values.entries()) {
      for (const asserted of [...values, 0x7fc00001, 0xffc00000]) {
        const trace = alterElement(run, 0, element, BigInt(asserted));
        expect(await judge(trace, 0, element), `${bits} as ${asserted}`).to.equal(asserted === bits);
      }
    }
  });

  it("65: a wrong inner tensor under a right output, and a wrong output over right tensors, are found", async () => {
    const run = smallRun();
    // The dense layer stays what it is for the true first tensor, so it is wrong for the asserted one too.
    const inner = alterElement(run, 0, 77, bitsAt(run, 0, 77) ^ 0x400000n);
    expect(await judge(inner, 0, 77)).to.equal(false);
    expect(await judge(inner, 0, 76)).to.equal(true);
    const output = alterElement(run, 2, 5, bitsAt(run, 2, 5) ^ 1n);
    expect(await judge(output, 2, 5)).to.equal(false);
    for (const node of [0, 1]) expect(await judge(output, node, 5)).to.equal(true);
  });

  it("65: what follows from a wrong tensor is right for it: only its first cause is found", async () => {
    const run = smallRun();
    const lie = smallRun(5);
    const results = [lie.results[0]!, lie.results[1]!, lie.results[2]!];
    const memory = { ...lie.memory, inputs: run.memory.inputs };
    const trace: Run = { ...run, results, memory };
    expect(await judge(trace, 0, 3)).to.equal(false);
    for (const node of [1, 2]) expect(await judge(trace, node, 3)).to.equal(true);
  });

  /** A run whose first input is the given bytes, canonical or not; the nodes' results are those for `meaning`. */
  function runOfBytes(nodes: readonly MapNode[], dtype: DType, bits: bigint[], meaning: Tensor): Run {
    const graph = graphOf([...nodes], [meaning]);
    const results = executeReference(graph, [meaning]);
    const memory = {
      inputs: [tensorTreeOfBytes(packBits(dtype, bits), dtype)],
      weights: [],
      results: results.map((tensor) => tensorTree(tensor)),
    };
    return { graph, commitment: commitGraph(graph), inputs: [meaning], results, memory };
  }

  it("109: NaN payloads are read as NaN and never produced", async () => {
    const given = [0x7fc00001n, 0xffffffffn, 0x7f800001n, 0xffc00000n];
    const nodes = (["copy", "neg", "isnan"] as const).map((fn): MapNode => ({
      ...{ kind: "map", fn, dtype: fn === "isnan" ? "bool" : "f32", out: [4], steps: [], label: "" },
      operands: [rowMajor(input(0), [4])],
    }));
    const run = runOfBytes(nodes, "f32", given, f32(0x7fc00000, 0x7fc00000, 0x7fc00000, 0x7fc00000));
    for (let element = 0; element < given.length; element++) {
      for (let node = 0; node < nodes.length; node++) expect(await judge(run, node, element)).to.equal(true);
      expect(await judge(alterElement(run, 0, element, given[element]!), 0, element)).to.equal(false);
    }
  });

  it("109: a bool of 2 is read as true and never produced", async () => {
    const copy: MapNode = {
      ...{ kind: "map", fn: "copy", dtype: "bool", out: [3], steps: [], label: "" },
      operands: [rowMajor(input(0), [3], { dtype: "bool" })],
    };
    const not: MapNode = { ...copy, fn: "not", operands: [rowMajor(nodeResult(0), [3], { dtype: "bool" })] };
    const pick: MapNode = { ...copy, fn: "pick" };
    const run = runOfBytes([copy, not, pick], "bool", [2n, 255n, 0n], integerTensor("bool", [1, 1, 0]));
    for (let element = 0; element < 3; element++) {
      for (const node of [0, 1, 2]) expect(await judge(run, node, element)).to.equal(true);
    }
    for (const node of [0, 2]) expect(await judge(alterElement(run, node, 0, 2n), node, 0)).to.equal(false);
  });

  it("109: indices out of range count from the end, then stop at the ends", async () => {
    const axis = 5;
    const cases: [index: number, read: number][] = [
      [0, 0],
      [4, 4],
      [5, 4],
      [2 ** 31 - 1, 4],
      [-1, 4],
      [-5, 0],
      [-6, 0],
      [-(2 ** 31), 0],
    ];
    const indices = integerTensor(
      "i32",
      cases.map(([index]) => index),
    );
    const table = integerTensor("u16", [100, 101, 102, 103, 104]);
    const gather: GatherNode = {
      ...{ kind: "gather", fn: "gather", dtype: "u16", out: [cases.length], steps: [], label: "" },
      operands: [
        rowMajor(input(0), [axis], { dtype: "u16", coef: [0] }),
        rowMajor(input(1), [cases.length], { dtype: "i32" }),
      ],
      indices: [{ stride: 1, extent: axis }],
    };
    const run = runGraph(graphOf([gather], [table, indices]), [table, indices]);
    for (const [element, [, read]] of cases.entries()) {
      expect(bitsAt(run, 0, element)).to.equal(BigInt(100 + read));
      expect(await judge(run, 0, element)).to.equal(true);
      expect(await judge(alterElement(run, 0, element, 99n), 0, element)).to.equal(false);
    }
  });

  it("109: bits that no executor produces are wrong in every dtype that has some", async () => {
    const dtypes: readonly DType[] = ["f32", "bool"];
    for (const dtype of dtypes) {
      const x: Tensor = dtype === "f32" ? f32(0x7fc00000) : integerTensor("bool", [1]);
      const copy: MapNode = {
        ...{ kind: "map", fn: "copy", dtype, out: [1], steps: [], label: "" },
        operands: [rowMajor(input(0), [1], { dtype })],
      };
      const run = runGraph(graphOf([copy], [x]), [x]);
      for (let bit = 0; bit < 8 * DTYPE_BYTES[dtype]; bit++) {
        expect(await judge(alterElement(run, 0, 0, bitsAt(run, 0, 0) ^ (1n << BigInt(bit))), 0, 0)).to.equal(false);
      }
    }
  });
});
