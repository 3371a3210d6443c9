import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { hexlify, id, ZeroAddress } from "ethers";
import { pino } from "pino";

import { fromHex, tensorBytes } from "../../src/audit/bytes.js";
import { createInlineSink } from "../../src/audit/roots.js";
import { listTree } from "../../src/audit/tree.js";
import { createSender } from "../../src/chain/sender.js";
import { connectSuite, type Suite } from "../../src/chain/suite.js";
import { answeredClaim, challengeClaim } from "../../src/dispute/challenge-claim.js";
import { createEvidencer } from "../../src/dispute/evidence.js";
import { createGuard } from "../../src/dispute/guard.js";
import { openElement, openResult } from "../../src/dispute/openings.js";
import { openState } from "../../src/store/state.js";
import { deployArbiter } from "../support/arbiter.js";
import { BOND, deploySuite, publish } from "../support/challenges.js";
import { digitModel } from "../support/digits.js";
import { HOUR } from "../support/hub.js";
import { presentJob, requestJob, submitJob } from "../support/jobs.js";
import { connect, type Connection } from "../support/protocol.js";

/**
 * A liar's puppet challenges the lie falsely too, with a root that has to be demanded. Games found that a watcher then paid for
 * demands: the claim ended by the watcher's own challenge first, and the puppet kept the price.
 */
describe("a false challenge beside a watcher's own", function () {
  this.timeout(120_000);
  const { model, digits } = digitModel();
  const [asked, other] = digits;
  const folder = mkdtempSync(join(tmpdir(), "touchstone-rivals-"));
  const evidencer = createEvidencer({ get: () => Promise.resolve(model) }, createInlineSink());
  let chain: Connection;
  let contracts: Awaited<ReturnType<typeof deployAll>>;
  let suite: Suite;

  async function deployAll() {
    const arbiter = await deployArbiter(chain);
    const deployed = await deploySuite(chain, arbiter);
    return { ...deployed, arbiter, modelId: await publish(chain, deployed, model.content) };
  }

  before(async () => {
    chain = await connect();
    contracts = await deployAll();
    const names = ["token", "hub", "registry", "staking", "offers", "jobs", "receipts", "lottery", "arbiter"] as const;
    const addresses = Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await contracts[name].getAddress()] as const)),
    ) as Record<(typeof names)[number], string>;
    suite = connectSuite(chain.ethers.provider, {
      ...addresses,
      chainId: Number((await chain.ethers.provider.getNetwork()).chainId),
      block: 0,
      profiles: await contracts.staking.profiles(),
      fees: await contracts.staking.delegatorFees(),
      challenges: await contracts.manager.getAddress(),
      accountLens: ZeroAddress,
      claimLens: ZeroAddress,
    });
  });

  after(() => rmSync(folder, { recursive: true }));

  /** How many demands the watcher makes against a rival that opens so much later than its own challenge. */
  async function demandsAgainstRival(seconds: number): Promise<number> {
    const { manager, jobs } = contracts;
    const lie = model.audit([other!.image]);
    const jobId = await requestJob(chain, contracts, { inputs: [tensorBytes(asked!.image)] });
    const outputs = model.graph.outputs.map(({ node }) => tensorBytes(lie[node]!));
    await submitJob(jobs.connect(chain.worker), jobId, outputs);
    await presentJob(jobs, jobId);

    const signer = chain.challenger;
    const state = openState(join(folder, `${seconds}.sqlite`));
    const log = pino({ level: "silent" });
    const sender = createSender({ provider: chain.ethers.provider, signer, errors: suite.abi });
    const claim = await answeredClaim(suite, jobId);
    await challengeClaim({ suite, sender, signer, evidencer, state, claim, log });

    await chain.networkHelpers.time.increase(seconds);
    const opened = await openRival(jobId, claim.claimId);
    const guard = createGuard({ suite, sender, state, evidencer, log });
    guard.record([
      { contract: "challenges", name: "ChallengeOpened", args: opened.args, block: opened.blockNumber } as never,
    ]);
    await guard.advance(await chain.networkHelpers.time.latest(), opened.blockNumber);
    state.close();
    return (await manager.queryFilter(manager.filters.Demanded(opened.args.challengeId))).length;
  }

  async function openRival(jobId: string, claimId: string) {
    const { manager, jobs } = contracts;
    const claim = await answeredClaim(suite, jobId);
    const { trace } = await evidencer.auditOf(claim);
    const { claimed } = await evidencer.materialOf(claim);
    const node = model.graph.outputs[0]!.node;
    const roots = trace.roots.map((root, i) => (i === 0 ? hexlify(id("nobody knows")) : root));
    const list = listTree(roots.map(fromHex));
    const puppet = manager.connect(chain.stranger);
    const traceRoot = hexlify(list.root());
    const rival = await manager.challengeIdOf(chain.stranger, jobs, claimId, traceRoot, 0, 0, id("rival"));
    await puppet.commitChallenge(rival);
    const deviation = { claimed: openElement(claimed, 0, 0), traced: openResult({ ...trace, list }, node, 0) };
    await puppet.openChallenge(jobs, claimId, traceRoot, deviation, roots, id("rival"), { value: BOND });
    const [opened] = await manager.queryFilter(manager.filters.ChallengeOpened(rival));
    return opened!;
  }

  it("is fought by demands while it could share the reward", async () => {
    expect(await demandsAgainstRival(HOUR / 2)).to.equal(1);
  });

  it("costs no demand once it is too late for that: its end comes with the claim's", async () => {
    expect(await demandsAgainstRival(2 * HOUR)).to.equal(0);
  });
});
