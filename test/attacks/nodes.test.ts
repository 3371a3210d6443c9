import { expect } from "chai";
import { network } from "hardhat";

import { encodeNode } from "../../src/audit/encode.js";
import { graphTree, listHash } from "../../src/audit/content.js";
import { type Facts, illFormedEvidence } from "../../src/audit/evidence.js";
import type { AuditNode, DType, GatherNode, MapNode, Operand, ReduceNode } from "../../src/audit/graph.js";
import { listTree } from "../../src/audit/tree.js";
import { allOperands } from "../../src/audit/wellformed.js";
import type { Arbiter } from "../../typechain-types/index.js";
import { DENSE, INPUT_SIZE, MIRROR, SCALE, smallRun } from "../support/accusations.js";
import { deployArbiter } from "../support/arbiter.js";
import { input, nodeResult, view, weight } from "../support/graph-parts.js";
import { type Case, caseOf, commitRun, type Run } from "../support/runs.js";

const one: Operand = { source: { kind: "immediate" }, dtype: "f32", value: 0x3f800000n };
const truth: Operand = { source: { kind: "immediate" }, dtype: "bool", value: 1n };

/** Changes one operand of a node. */
function withOperand<N extends AuditNode>(node: N, number: number, change: object): N {
  return { ...node, operands: node.operands.with(number, { ...node.operands[number]!, ...change }) };
}

/** SCALE with one guard. */
const guarded = (change: object) => {
  const guard = { base: 0, divisor: 1, extent: INPUT_SIZE, stride: 0, coef: [1], ...change };
  return withOperand(SCALE, 0, { guards: [guard] });
};
const gather: GatherNode = {
  ...{ kind: "gather", fn: "gather", dtype: "f32", out: [4], steps: [], label: "" },
  operands: [view(input(0), INPUT_SIZE, [0]), { ...one, dtype: "i32", value: 3n }],
  indices: [{ stride: 1, extent: INPUT_SIZE }],
};
const rank: ReduceNode = {
  ...{ kind: "reduce", fn: "argkth", dtype: "i64", out: [2, 4], red: [5], steps: [], label: "" },
  operands: [view(input(0), INPUT_SIZE, [5, 0, 1])],
  argkth: { kRank: 1, largest: true },
};
const pick: MapNode = { ...SCALE, fn: "pick" };

/** Nodes that break a rule whatever element is judged, by what they do. */
const ILL_FORMED: Readonly<Record<string, AuditNode>> = {
  "a zero output extent": { ...SCALE, out: [0] },
  "a zero reduction extent": { ...DENSE, red: [0] },
  "a result of 2^31 elements": { ...SCALE, out: [2 ** 31] },
  "a reduction of 2^31 terms": { ...DENSE, red: [2 ** 31] },
  "a result too deep for L": { ...SCALE, out: [2 ** 26] },
  "reading itself": withOperand(DENSE, 0, { source: nodeResult(1) }),
  "reading a later node": withOperand(DENSE, 0, { source: nodeResult(2) }),
  "an input that does not exist": withOperand(SCALE, 0, { source: input(1) }),
  "another size of an input": withOperand(SCALE, 0, { numel: INPUT_SIZE + 1 }),
  "another dtype of an input": {
    ...withOperand(withOperand(SCALE, 0, { dtype: "i32" }), 1, { dtype: "i32" }),
    dtype: "i32",
  },
  "an operand of no elements": withOperand(SCALE, 1, { numel: 0 }),
  "an operand of 2^31 elements": withOperand(SCALE, 1, { numel: 2 ** 31 }),
  "operands of two dtypes": withOperand(SCALE, 1, { dtype: "u32" }),
  "a result of another dtype": { ...SCALE, dtype: "i32" },
  "too few operands": { ...SCALE, operands: SCALE.operands.slice(1) },
  "too many operands": { ...SCALE, operands: [...SCALE.operands, one] },
  "no operands": { ...SCALE, operands: [] },
  "256 operands": { ...pick, operands: Array.from({ length: 255 }, () => one), steps: DENSE.steps },
  "a step of another dtype": { ...DENSE, steps: [{ ...DENSE.steps[0]!, operands: [{ ...one, dtype: "i32" }] }] },
  "a step with its chain out of place": { ...DENSE, steps: [{ ...DENSE.steps[0]!, chain: 2 }] },
  "a step of too few operands": { ...DENSE, steps: [{ ...DENSE.steps[0]!, operands: [] }] },
  "a bool immediate of 2": { ...SCALE, fn: "not", dtype: "bool", operands: [{ ...truth, value: 2n }] },
  "an immediate beyond its dtype": { ...SCALE, operands: [SCALE.operands[0]!, { ...one, value: 1n << 32n }] },
  "a fill beyond its dtype": withOperand(guarded({}), 0, { fill: 1n << 32n }),
  "a guard with divisor zero": guarded({ divisor: 0 }),
  "a guard with extent zero": guarded({ extent: 0 }),
  "a gather from a view with guards": {
    ...gather,
    operands: [...guarded({}).operands.slice(0, 1), gather.operands[1]!],
  },
  "a gather from an immediate": { ...gather, operands: [one, gather.operands[1]!] },
  "a gather along an empty axis": { ...gather, indices: [{ stride: 1, extent: 0 }] },
  "a gather by floats": { ...gather, operands: [gather.operands[0]!, one] },
  "a gather without indices": { ...gather, operands: gather.operands.slice(0, 1), indices: [] },
  "more ranks than terms": { ...rank, out: [2, 6] },
  "more rank extents than outputs": { ...rank, argkth: { kRank: 3, largest: true } },
  "a ranked operand that depends on the rank": withOperand(rank, 0, { coef: [5, 1, 1] }),
  "a last choice that may fail": { ...pick, operands: [one, guarded({}).operands[0]!] },
};

/** Header fields of SCALE: kind fn dtype outRank redRank operandCount stepCount attrLen. */
const HEADERS: Readonly<Record<string, [at: number, value: number]>> = {
  "an unknown kind": [0, 3],
  "an unknown function": [1, 31],
  "a function of another kind": [1, 64],
  "an unknown dtype": [2, 8],
  "a rank that its bytes don't fill": [3, 2],
  "a map with reduction extents": [4, 1],
  "an operand that is not there": [5, 3],
  "a step that is not there": [6, 1],
  "an attribute that map does not have": [7, 1],
  "an unknown source": [12, 4],
  "an operand of unknown dtype": [13, 11],
  "a guard that is not there": [14, 1],
};

/** Where a node is well-formed but for the address that some elements read. */
interface Outside {
  readonly index: number;
  readonly node: AuditNode;
  readonly element: number;
  /** An element that reads inside, if there is one. */
  readonly inside?: number;
}

const OUTSIDE: Readonly<Record<string, Outside>> = {
  "one element behind the end": {
    ...{ index: 0, element: INPUT_SIZE - 1, inside: 0 },
    node: withOperand(SCALE, 0, { base: 1 }),
  },
  "one element before the start": { index: 0, element: 0, inside: 1, node: withOperand(SCALE, 0, { base: -1 }) },
  "beyond 2^32": { index: 0, element: 9, inside: 0, node: withOperand(SCALE, 0, { coef: [2 ** 31 - 1] }) },
  "far below zero": {
    ...{ index: 0, element: 149 },
    node: withOperand(SCALE, 0, { coef: [-(2 ** 31)], base: -(2 ** 31) }),
  },
  "by a guard's stride": { index: 0, element: 100, inside: 0, node: guarded({ stride: 2 ** 31 - 1 }) },
  "at the last term of a run": { index: 1, element: 0, node: withOperand(DENSE, 0, { base: 1 }) },
  "at one term of a stride": { index: 1, element: 3, node: withOperand(DENSE, 0, { coef: [0, 2] }) },
  "at one term behind a divisor": {
    ...{ index: 1, element: 0 },
    node: withOperand(DENSE, 0, {
      coef: [0, 0],
      guards: [{ base: 0, divisor: 7, extent: 99, stride: 8, coef: [0, 1] }],
    }),
  },
  "in a bias": { index: 1, element: 1, inside: 0, node: withOperand(DENSE, 2, { base: 39 }) },
  "in a choice": {
    ...{ index: 0, element: 149, inside: 0 },
    node: { ...pick, operands: [view(weight(0), INPUT_SIZE, [1], { base: 9 })] },
  },
  "in a gather": { index: 0, element: 0, node: { ...gather, indices: [{ stride: 60, extent: INPUT_SIZE }] } },
};

/** Attacks of docs/attacks.md by a publisher whose graph holds what no honest compiler makes: it can't shield a false trace. */
describe("attacks by ill-formed nodes", () => {
  let arbiter: Arbiter;
  let run: Run;

  before(async () => {
    arbiter = await deployArbiter(await network.create());
    run = smallRun();
  });

  const check = ({ facts, evidence }: Case) => arbiter.check(facts, evidence);

  /** The small model with one node's bytes replaced, judged by nothing but those bytes. */
  function accuse(index: number, encoding: Uint8Array, operands: number, facts: Partial<Facts> = {}): Case {
    const encodings = run.commitment.encodings.with(index, encoding);
    const tree = graphTree(encodings);
    const inputRoots = run.memory.inputs.map((input) => input.root());
    const evidence = illFormedEvidence({ encodings, tree, inputRoots, nodeIndex: index, operands });
    return { facts: { ...caseOf(run, 0, 0).facts, graphRoot: tree.root(), ...facts }, evidence };
  }

  const encode = (node: AuditNode): Uint8Array => encodeNode(node, run.commitment.weightRoots);

  for (const [what, node] of Object.entries(ILL_FORMED)) {
    const attack = what.includes("reading") ? "59" : "107";
    it(`${attack}: a node with ${what} is inconsistent with any trace`, async () => {
      const good = accuse(1, encode(DENSE), 4);
      await expect(check(good)).to.be.revertedWithCustomError(arbiter, "ElementNotOpened");
      expect(await check(accuse(1, encode(node), allOperands(node).length))).to.equal(false);
    });
  }

  for (const [what, [at, value]] of Object.entries(HEADERS)) {
    it(`107: an encoding with ${what} is inconsistent with any trace`, async () => {
      const changed = encode(SCALE);
      changed[at] = value;
      expect(await check(accuse(0, changed, 2))).to.equal(false);
    });
  }

  it("107: an encoding that is cut or goes on is inconsistent with any trace", async () => {
    const encoding = encode(SCALE);
    for (let length = 0; length < encoding.length; length++) {
      expect(await check(accuse(0, encoding.slice(0, length), 2)), `${length} bytes`).to.equal(false);
    }
    expect(await check(accuse(0, Uint8Array.from([...encoding, 0]), 2))).to.equal(false);
    const { facts, evidence } = accuse(0, encoding.slice(1), 2);
    const shape = await arbiter.resultShape(facts.graphRoot, 3, 0, evidence.node, evidence.nodeProof);
    expect([...shape]).to.deep.equal([0n, 0n]);
  });

  it("107: a node that the registered depth does not reach is inconsistent with any trace", async () => {
    expect(await check(accuse(0, encode(SCALE), 2, { depth: 1 }))).to.equal(false);
    // 3 leaves are one level of demands away: 1 for it and 1 for the leaf.
    await expect(check(accuse(0, encode(SCALE), 2, { depth: 2 }))).to.be.revertedWithCustomError(
      arbiter,
      "ElementNotOpened",
    );
  });

  it("107: a false size or dtype of what a node reads is shown by that node", async () => {
    for (const change of [{ numel: 151 }, { numel: 149 }, { numel: 2 ** 31 - 1 }]) {
      const lying = accuse(1, encode(withOperand(DENSE, 0, change)), 4);
      const { encodings, tree } = {
        encodings: run.commitment.encodings,
        tree: graphTree(run.commitment.encodings.with(1, lying.evidence.node)),
      };
      lying.evidence.operandNodes = [{ operand: 0, node: encodings[0]!, nodeProof: tree.prove(0, 1) }];
      expect(await check(lying)).to.equal(false);
    }
    // As i32: also the other operands, so that the node by itself keeps the rules.
    const i32 = { dtype: "i32" as DType };
    const integers: AuditNode = { ...withOperand(withOperand(MIRROR, 0, i32), 1, i32), ...i32 };
    const lying = accuse(2, encode(integers), 2);
    const tree = graphTree(run.commitment.encodings.with(2, lying.evidence.node));
    await expect(check(lying)).to.be.revertedWithCustomError(arbiter, "ElementNotOpened");
    lying.evidence.operandNodes = [{ operand: 1, node: run.commitment.encodings[1]!, nodeProof: tree.prove(1, 1) }];
    expect(await check(lying)).to.equal(false);
  });

  it("107: a node of an ill-formed operand node is inconsistent with any trace", async () => {
    const broken = encode({ ...SCALE, out: [0] });
    const encodings = run.commitment.encodings.with(0, broken);
    const tree = graphTree(encodings);
    const accused = accuse(1, encode(DENSE), 4, { graphRoot: tree.root() });
    accused.evidence.nodeProof = tree.prove(1, 1);
    accused.evidence.operandNodes = [{ operand: 0, node: broken, nodeProof: tree.prove(0, 1) }];
    expect(await check(accused)).to.equal(false);
  });

  it("107: a node count of one more than there are nodes makes a node that nobody can show", async () => {
    const { facts, evidence } = accuse(0, encode(SCALE), 2);
    // The list tree of 3 leaves is also one of 4, with a leaf of zero.
    const nodeProof = [evidence.nodeProof[0]!, evidence.nodeProof[1]!];
    for (const node of [new Uint8Array(0), evidence.node]) {
      const phantom = { facts: { ...facts, nodeCount: 4 }, evidence: { ...evidence, nodeIndex: 3, node, nodeProof } };
      await expect(check(phantom)).to.be.revertedWithCustomError(arbiter, "NodeNotInGraph").withArgs(3);
    }
  });

  for (const [what, { node, element, index, inside }] of Object.entries(OUTSIDE)) {
    it(`61: an address outside the tensor, ${what}, is inconsistent with any trace`, async () => {
      const graph = { ...run.graph, nodes: run.graph.nodes.with(index, node) };
      const broken = commitRun(graph, run.inputs, run.results);
      const commitment = broken.commitment.encodings;
      const tree = graphTree(commitment);
      const inputRoots = run.memory.inputs.map((tensor) => tensor.root());
      const roots = listTree(run.memory.results.map((tensor) => tensor.root()));
      const { facts } = caseOf(run, 0, 0);
      const accused: Case = {
        facts: { ...facts, graphRoot: tree.root(), traceRoot: roots.root(), inputsRoot: listHash(inputRoots) },
        evidence: illFormedEvidence({
          encodings: commitment,
          tree,
          inputRoots,
          nodeIndex: index,
          operands: allOperands(node).length,
        }),
      };
      accused.evidence.element = element;
      // All that can be opened is.
      const trees = { input: run.memory.inputs, weight: run.memory.weights, node: run.memory.results };
      allOperands(node).forEach((operand, number) => {
        if (!("guards" in operand)) return;
        const read = trees[operand.source.kind][operand.source.index]!;
        accused.evidence.operandOpenings[number] = accused.evidence.openings.length;
        accused.evidence.openings.push({
          root: read.root(),
          listProof: operand.source.kind === "node" ? roots.prove(operand.source.index, 1) : [],
          ranges: [{ first: 0, leaves: read.leaves(0, read.count), proof: [] }],
        });
      });
      expect(await check(accused)).to.equal(false);
      if (inside === undefined) return;
      // At an element that reads inside, the trace is asked for.
      accused.evidence.element = inside;
      await expect(check(accused)).to.be.revertedWithCustomError(arbiter, "ProofLength");
    });
  }
});
