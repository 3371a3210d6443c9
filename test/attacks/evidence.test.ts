import { expect } from "chai";
import { network } from "hardhat";

import { assertedTrace, buildEvidence } from "../../src/audit/evidence.js";
import { listTree, tensorTree } from "../../src/audit/tree.js";
import type { Arbiter } from "../../typechain-types/index.js";
import { append, copyCase, DENSE, INPUT_SIZE, smallRun, surplus, turnBit } from "../support/accusations.js";
import { deployArbiter } from "../support/arbiter.js";
import { floatTensor } from "../support/graph-parts.js";
import { type Case, caseOf, type Run } from "../support/runs.js";

/** Openings of the evidence for an element of DENSE: the node it reads, the matrix, the bias. */
const [NODE, MATRIX] = [0, 1];

/** Attacks of docs/attacks.md by whoever writes the evidence: each is refused by the Arbiter's own check. */
describe("attacks by malformed evidence", () => {
  let arbiter: Arbiter;
  let run: Run;
  /** Good evidence for an element of each node. */
  let scale: Case;
  let dense: Case;
  let mirror: Case;

  before(async () => {
    arbiter = await deployArbiter(await network.create());
    run = smallRun();
    [scale, dense, mirror] = [caseOf(run, 0, 77), caseOf(run, 1, 12), caseOf(run, 2, 12)];
  });

  const check = ({ facts, evidence }: Case) => arbiter.check(facts, evidence);

  /** Expects an error for a good case after a change. */
  async function refused(good: Case, change: (changed: Case) => void, error: string, ...args: unknown[]) {
    const changed = copyCase(good);
    change(changed);
    const assertion = expect(check(changed)).to.be.revertedWithCustomError(arbiter, error);
    await (args.length > 0 ? assertion.withArgs(...args) : assertion);
  }

  it("takes the evidence that the attacks start from", async () => {
    for (const good of [scale, dense, mirror]) expect(await check(good)).to.equal(true);
  });

  it("57: a root of a tensor of another shape or depth opens nothing", async () => {
    const element = INPUT_SIZE - 1;
    const swapResult = (elements: number): Case => {
      const other = tensorTree(floatTensor([elements], 9));
      const roots = listTree(run.memory.results.with(0, other).map((tree) => tree.root()));
      const { graph, commitment, memory } = run;
      const asserted = assertedTrace({ roots, result: other, node: graph.nodes[0]!, element });
      const evidence = buildEvidence({ graph, commitment, memory, asserted, nodeIndex: 0, element });
      return { facts: { ...scale.facts, traceRoot: roots.root() }, evidence };
    };
    // A leaf more under as many levels, or another number of levels.
    const [wider, deeper] = [swapResult(200), swapResult(INPUT_SIZE * 3)];
    await refused(wider, () => {}, "ProofLength", 2, 1);
    await refused(wider, ({ evidence }) => evidence.result.proof.shift(), "ResultLeafNotInTensor", 2);
    await refused(deeper, () => {}, "ProofLength", 3, 1);
    await refused(deeper, ({ evidence }) => evidence.result.proof.splice(0, 2), "ResultLeafNotInTensor", 2);
  });

  it("57: a leaf range of another size than its tensor's is refused", async () => {
    await refused(
      dense,
      ({ evidence }) => (evidence.openings[NODE]!.ranges[0]!.first = 1),
      "RangeOutsideTree",
      1,
      3,
      3,
    );
    const leaves = dense.evidence.openings[NODE]!.ranges[0]!.leaves;
    for (const wrong of [new Uint8Array(0), leaves.slice(0, 100), append(leaves, 1)]) {
      await refused(
        dense,
        ({ evidence }) => (evidence.openings[NODE]!.ranges[0]!.leaves = wrong),
        "LeavesLength",
        wrong.length,
      );
    }
    await refused(
      dense,
      ({ evidence }) => (evidence.openings[NODE]!.ranges[0]!.leaves = append(leaves, 256)),
      "RangeOutsideTree",
      ...[0, 4, 3],
    );
  });

  it("58: a node of another model, or another node of this one, is not in the graph", async () => {
    const foreign = turnBit(dense.evidence.node, dense.evidence.node.length - 1);
    await refused(dense, ({ evidence }) => (evidence.node = foreign), "NodeNotInGraph", 1);
    await refused(dense, ({ evidence }) => (evidence.nodeIndex = 0), "NodeNotInGraph", 0);
    await refused(dense, ({ evidence }) => (evidence.nodeIndex = 3), "NodeIndexOutOfRange", 3, 3);
    await refused(dense, ({ facts }) => (facts.graphRoot = turnBit(facts.graphRoot)), "NodeNotInGraph", 1);
  });

  it("58: an operand's node of another model is not in the graph", async () => {
    const disputed = { operand: 0, node: run.commitment.encodings[0]!, nodeProof: run.commitment.tree.prove(0, 1) };
    const dispute = (change: Partial<typeof disputed>) => (changed: Case) =>
      (changed.evidence.operandNodes = [{ ...disputed, ...change }]);
    const agreeing = copyCase(dense);
    dispute({})(agreeing);
    expect(await check(agreeing)).to.equal(true);
    await refused(dense, dispute({ node: turnBit(disputed.node, 9) }), "OperandNodeNotInGraph", 0);
    await refused(dense, dispute({ node: dense.evidence.node }), "OperandNodeNotInGraph", 0);
    await refused(dense, dispute({ operand: 1 }), "OperandNotNode", 1);
    await refused(dense, dispute({ operand: 200 }), "OperandNotNode", 200);
  });

  it("59: the memory of a later node, or of any other, does not pass for an operand's", async () => {
    // The proof of the last of three is shorter.
    for (const [other, error] of [
      [1, "OpeningNotInTrace"],
      [2, "ProofLength"],
    ] as const) {
      const tree = run.memory.results[other]!;
      const roots = listTree(run.memory.results.map((result) => result.root()));
      await refused(
        dense,
        ({ evidence }) =>
          Object.assign(evidence.openings[NODE]!, { root: tree.root(), listProof: roots.prove(other, 1) }),
        error,
      );
    }
    await refused(mirror, ({ evidence }) => (evidence.openings[0]!.root = new Uint8Array(32)), "OpeningNotInTrace", 0);
  });

  it("60: input roots other than the claim's are refused", async () => {
    const [root] = scale.evidence.inputRoots as [Uint8Array];
    for (const roots of [[turnBit(root)], [], [root, root]]) {
      await refused(scale, ({ evidence }) => (evidence.inputRoots = roots), "InputRootsMismatch");
    }
  });

  it("60: the root of another tensor does not pass for an input or a weight", async () => {
    const foreign = tensorTree(floatTensor([INPUT_SIZE], 5));
    for (const opening of [0, 1]) {
      await refused(
        scale,
        ({ evidence }) => (evidence.openings[opening]!.root = foreign.root()),
        "OpeningRootMismatch",
        opening,
      );
    }
    await refused(
      scale,
      ({ evidence }) => (evidence.openings[1]!.listProof = [new Uint8Array(32)]),
      "UnexpectedListProof",
      1,
    );
  });

  it("60: operands that read different tensors can't share memory", async () => {
    await refused(dense, ({ evidence }) => (evidence.operandOpenings[1] = NODE), "OpeningShared", 1, NODE);
    await refused(scale, ({ evidence }) => (evidence.operandOpenings[1] = 0), "OpeningShared", 1, 0);
    const shared = copyCase(mirror);
    expect([...shared.evidence.operandOpenings]).to.deep.equal([0, 0]);
  });

  it("61: an element that the result does not have is refused", async () => {
    for (const element of [INPUT_SIZE, 2 ** 32 - 1]) {
      await refused(scale, ({ evidence }) => (evidence.element = element), "ElementOutOfRange", element, INPUT_SIZE);
    }
  });

  it("62: surplus and missing siblings are refused in every proof", async () => {
    const proofs: Record<string, (changed: Case) => Record<string, Uint8Array[]>> = {
      nodeProof: ({ evidence }) => evidence as never,
      listProof: ({ evidence }) => evidence.openings[NODE] as never,
      proof: ({ evidence }) => evidence.openings[MATRIX]!.ranges[0] as never,
    };
    const resultProofs = { listProof: 2, proof: 2 };
    for (const [name, holder] of Object.entries(proofs)) {
      const needed = holder(dense)[name]!.length;
      expect(needed, name).to.be.greaterThan(0);
      await refused(
        dense,
        (changed) => (holder(changed)[name] = surplus(holder(changed)[name]!)),
        "ProofLength",
        ...[needed + 1, needed],
      );
      await refused(dense, (changed) => holder(changed)[name]!.pop(), "ProofLength", needed - 1, needed);
    }
    for (const name of Object.keys(resultProofs) as (keyof typeof resultProofs)[]) {
      const needed = scale.evidence.result[name].length;
      expect(needed, name).to.equal(resultProofs[name]);
      await refused(scale, ({ evidence }) => evidence.result[name].push(new Uint8Array(32)), "ProofLength");
      await refused(scale, ({ evidence }) => evidence.result[name].pop(), "ProofLength", needed - 1, needed);
    }
  });

  it("62: altered leaves and siblings are not in their tensor", async () => {
    const { ranges } = dense.evidence.openings[MATRIX]!;
    for (const at of [0, 255, ranges[0]!.leaves.length - 1]) {
      await refused(
        dense,
        ({ evidence: { openings } }) =>
          (openings[MATRIX]!.ranges[0]!.leaves = turnBit(openings[MATRIX]!.ranges[0]!.leaves, at)),
        "LeavesNotInTensor",
        ...[MATRIX, 0],
      );
    }
    await refused(
      dense,
      ({ evidence: { openings } }) =>
        (openings[MATRIX]!.ranges[0]!.proof[0] = turnBit(openings[MATRIX]!.ranges[0]!.proof[0]!)),
      "LeavesNotInTensor",
      ...[MATRIX, 0],
    );
    await refused(
      dense,
      ({ evidence }) => evidence.openings[MATRIX]!.ranges[0]!.first++,
      "LeavesNotInTensor",
      MATRIX,
      0,
    );
    await refused(
      scale,
      ({ evidence }) => (evidence.result.leaf = turnBit(evidence.result.leaf, 9)),
      "ResultLeafNotInTensor",
      1,
    );
    await refused(
      scale,
      ({ evidence }) => (evidence.result.leaf = append(evidence.result.leaf, 256)),
      "LeavesLength",
      512,
    );
    await refused(
      scale,
      ({ evidence }) => (evidence.result.root = turnBit(evidence.result.root)),
      "ResultNotInTrace",
      0,
    );
    await refused(scale, ({ facts }) => (facts.traceRoot = turnBit(facts.traceRoot)), "ResultNotInTrace", 0);
  });

  it("62: elements that no range covers are missed, ranges that overlap refused", async () => {
    await refused(
      dense,
      ({ evidence }) => (evidence.openings[MATRIX]!.ranges = []),
      "ElementNotOpened",
      12 * DENSE.red[0]!,
    );
    await refused(dense, ({ evidence }) => (evidence.operandOpenings[0] = 255), "ElementNotOpened", 0);
    await refused(
      dense,
      ({ evidence: { openings } }) => openings[MATRIX]!.ranges.push(openings[MATRIX]!.ranges[0]!),
      "RangesOutOfOrder",
      ...[MATRIX, 1],
    );
    await refused(dense, ({ evidence }) => (evidence.operandOpenings[2] = 3), "UnknownOpening", 2, 3);
    for (const wrong of [3, 5]) {
      await refused(
        dense,
        ({ evidence }) => (evidence.operandOpenings = new Uint8Array(wrong)),
        "OperandOpeningsLength",
        wrong,
        4,
      );
    }
  });
});
