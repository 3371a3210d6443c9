import { expect } from "chai";

import { resultSize } from "../../src/audit/graph.js";
import { finaliseJob } from "../support/jobs.js";
import { smallModel } from "../support/accusations.js";
import { at, BOND, CLAIM, STATUS } from "../support/challenges.js";
import { fuzzSeed } from "../support/fuzz.js";
import { floatTensor } from "../support/graph-parts.js";
import { dice } from "../support/graphs.js";
import { connect, type Connection, TOKEN } from "../support/protocol.js";
import { accuseReal, answerReal, deployReal, type RealSuite, withOutput } from "../support/real-disputes.js";
import { alterElement, bitsAt, caseOf, type Run, runGraph } from "../support/runs.js";

/** A model of three nodes with real arithmetic, real stake and the real Arbiter. */
describe("disputes from answer to settlement", () => {
  let chain: Connection;
  let suite: RealSuite;
  const truth: Run = runGraph(withOutput(smallModel()), [floatTensor([150], 4)]);
  const output = truth.graph.nodes.length - 1;
  const flip = (run: Run, node: number, element: number): Run =>
    alterElement(run, node, element, bitsAt(run, node, element) ^ 0x10000n);

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    suite = await chain.networkHelpers.loadFixture(fixture);
  });

  async function fixture() {
    return deployReal(chain, truth);
  }

  it("a wrong answer is slashed, and no element of the true trace can be refuted", async () => {
    const { manager, jobs, staking } = suite;
    const answered = flip(truth, output, 7);
    const claimId = await answerReal(chain, suite, answered);
    const opened = await accuseReal(chain, suite, { claimId, answered, trace: truth, element: 7 });
    const { of, roll } = dice(fuzzSeed);
    for (let i = 0; i < 30; i++) {
      const node = of([0, 1, 2]);
      const element = roll(resultSize(truth.graph.nodes[node]!));
      await expect(manager.refute(opened, caseOf(truth, node, element).evidence))
        .to.be.revertedWithCustomError(manager, "NodeConsistent")
        .withArgs(node, element);
    }
    await at(chain, (await manager.challenge(opened)).lastDeadline + 1n);
    await manager.resolve(opened);
    await at(chain, (await manager.challenge(opened)).executableAt);
    const before = await staking.stakeOf(chain.owner);
    await manager.execute(opened);
    expect((await jobs.claim(claimId)).status).to.equal(CLAIM.wrong);
    expect(before - (await staking.stakeOf(chain.owner))).to.equal(100n * TOKEN);
    expect(await staking.rewardOf(chain.challenger)).to.equal(35n * TOKEN);
    expect(await manager.creditOf(chain.challenger)).to.equal(BOND);
  });

  it("a false challenge to a right answer is refuted at its first wrong node", async () => {
    const { manager, jobs } = suite;
    const claimId = await answerReal(chain, suite, truth);
    // An inner element is altered, and everything behind it follows from it rightly.
    const inner = flip(truth, 1, 12);
    const trace = flip(inner, output, 7);
    const opened = await accuseReal(chain, suite, { claimId, answered: truth, trace, element: 7 });
    const { evidence } = caseOf(trace, 1, 12);
    await manager.connect(chain.worker).refute(opened, evidence);
    expect((await manager.challenge(opened)).status).to.equal(STATUS.refuted);
    expect(await manager.creditOf(chain.worker)).to.equal(BOND / 2n);
    await at(chain, (await jobs.claim(claimId)).challengeDeadline + 1n);
    await finaliseJob(jobs, claimId);
  });

  it("a leaf that nobody knows is demanded, supplied and refuted", async () => {
    const { manager } = suite;
    const claimId = await answerReal(chain, suite, truth);
    const trace = flip(flip(truth, 0, 149), output, 7);
    const opened = await accuseReal(chain, suite, { claimId, answered: truth, trace, element: 7 });
    const tree = trace.memory.results[0]!;
    const { nodeProof, result } = caseOf(trace, 0, 0).evidence;
    const position = { node: 0, height: tree.depth, index: 0 };
    const node = truth.commitment.encodings[0]!;
    await manager.demand(
      opened,
      { position, root: tree.root(), proof: result.listProof, node, nodeProof },
      { value: BOND },
    );
    const hashes = Array.from({ length: tree.count }, (_, i) => tree.hashAt(0, i));
    await manager.supplyHashes(opened, position, hashes);
    const leaf = { node: 0, height: 0, index: 2 };
    const proof = tree.prove(2, 1);
    await manager.demandDeeper(
      opened,
      position,
      { position: leaf, root: tree.hashAt(0, 2), proof, node: "0x", nodeProof: [] },
      { value: BOND },
    );
    await manager.supplyLeaf(opened, leaf, tree.leaves(2, 1));
    await manager.connect(chain.stranger).refute(opened, caseOf(trace, 0, 149).evidence);
    expect((await manager.challenge(opened)).status).to.equal(STATUS.refuted);
  });
});
