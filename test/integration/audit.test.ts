import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { getBytes, hexlify, id, ZeroAddress } from "ethers";
import { pino } from "pino";

import { tensorBytes } from "../../src/audit/bytes.js";
import { createInlineSink } from "../../src/audit/roots.js";
import { listTree } from "../../src/audit/tree.js";
import { createAuditor } from "../../src/auditor/auditor.js";
import { createSender } from "../../src/chain/sender.js";
import { connectSuite, type Suite } from "../../src/chain/suite.js";
import { createEvidencer } from "../../src/dispute/evidence.js";
import { createGuard, type Guard } from "../../src/dispute/guard.js";
import { openState, type State } from "../../src/store/state.js";
import { deployArbiter } from "../support/arbiter.js";
import { BOND, CLAIM, deploySuite, publish, STATUS } from "../support/challenges.js";
import { digitModel } from "../support/digits.js";
import { DAY } from "../support/hub.js";
import { finaliseJob, requestJob, submitJob } from "../support/jobs.js";
import { enrol, NO_DEVIATION, passSeed, SEAT } from "../support/lottery.js";
import { connect, type Connection } from "../support/protocol.js";

type Signer = Connection["stranger"];

/** More blocks than a reorganisation takes back. */
const REORGANISED = 66;

/** Auditors with the digit model, real arithmetic and the real contracts; the test moves time when all are idle. */
describe("auditors, from the draw to their pay", function () {
  this.timeout(120_000);
  const { model, digits } = digitModel();
  const inputs = [tensorBytes(digits[0]!.image)];
  const right = model.audit([digits[0]!.image]);
  const outputs = model.graph.outputs.map(({ node }) => tensorBytes(right[node]!));
  const folder = mkdtempSync(join(tmpdir(), "touchstone-audit-"));
  const states: State[] = [];
  let chain: Connection;
  let contracts: Awaited<ReturnType<typeof deployAll>>;
  let suite: Suite;
  let auditors: {
    readonly signer: Signer;
    readonly guard: Guard;
    readonly pass: () => Promise<{ readonly acted: boolean }>;
  }[];

  async function deployAll() {
    const arbiter = await deployArbiter(chain);
    const deployed = await deploySuite(chain, arbiter, { lottery: { probability: 1_000_000, auditors: 2 } });
    return { ...deployed, arbiter, modelId: await publish(chain, deployed, model.content) };
  }

  beforeEach(async () => {
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
    auditors = [];
    for (const signer of (await chain.ethers.getSigners()).slice(7, 9)) {
      await enrol(chain, contracts, signer);
      const sender = createSender({ provider: chain.ethers.provider, signer, errors: suite.abi });
      const state = openState(join(folder, `${states.length}.sqlite`));
      states.push(state);
      const log = pino({ level: "silent" });
      const evidencer = createEvidencer({ get: () => Promise.resolve(model) }, createInlineSink());
      const guard = createGuard({ suite, sender, state, evidencer, log });
      const { pass } = createAuditor({ suite, sender, signer, auditor: signer.address, state, evidencer, guard, log });
      auditors.push({ signer, guard, pass });
    }
    await chain.networkHelpers.time.increase(DAY);
  });

  after(() => {
    for (const state of states) state.close();
    rmSync(folder, { recursive: true });
  });

  /** Lets these auditors do all that is due. */
  async function settle(who = auditors): Promise<void> {
    for (let acted = true; acted;) {
      acted = false;
      for (const { pass } of who) if ((await pass()).acted) acted = true;
      // A block on, for what waits for the next one.
      await chain.networkHelpers.mine();
    }
  }

  /** Has a job answered, and lets the block pass that decides. */
  async function answer(given = outputs): Promise<string> {
    const jobId = await requestJob(chain, contracts, { inputs });
    await submitJob(contracts.jobs.connect(chain.worker), jobId, given);
    await passSeed(chain);
    return jobId;
  }

  const seatIdOf = (jobId: string, auditor: Signer) => contracts.lottery.seatIdOf(jobId, auditor);
  const statusOf = async (jobId: string, auditor: Signer) =>
    (await contracts.lottery.seat(await seatIdOf(jobId, auditor))).status;
  const balanceOf = (account: Signer) => chain.ethers.provider.getBalance(account);

  async function finalise(jobId: string): Promise<void> {
    await chain.networkHelpers.time.increaseTo((await contracts.jobs.job(jobId)).challengeDeadline + 1n);
    await finaliseJob(contracts.jobs, jobId);
  }

  it("draw, audit, commit, report and collect", async () => {
    const { lottery, manager, jobs } = contracts;
    const jobId = await answer();
    await settle();
    for (const { signer } of auditors) expect(await statusOf(jobId, signer)).to.equal(SEAT.committed);
    await chain.networkHelpers.time.increaseTo((await lottery.audit(jobId)).commitDeadline + 1n);
    await settle();
    const reports = await Promise.all(
      auditors.map(async ({ signer }) => (await lottery.seat(await seatIdOf(jobId, signer))).report),
    );
    for (const report of reports) expect((await manager.challenge(report)).status).to.equal(STATUS.open);
    await finalise(jobId);
    expect((await jobs.job(jobId)).status).to.equal(CLAIM.final);
    await chain.networkHelpers.time.increaseTo((await manager.challenge(reports[1]!)).lastDeadline + 1n);
    await settle();
    for (const { signer } of auditors) expect(await statusOf(jobId, signer)).to.equal(SEAT.paid);
    await chain.networkHelpers.time.increaseTo((await manager.challenge(reports[1]!)).executableAt + 100n);
    await settle();
    for (const [i, { signer }] of auditors.entries()) {
      expect((await manager.challenge(reports[i]!)).status).to.equal(STATUS.settled);
      expect(await lottery.earned(signer, ZeroAddress)).to.equal(0);
      // Both the pay and the bond are in the wallet.
      expect(await manager.creditOf(signer)).to.equal(0);
    }
    expect(await manager.totalOwed()).to.equal(0);
  });

  it("challenge a wrong answer at once, and win", async () => {
    const { jobs, staking, manager } = contracts;
    const wrong = outputs.map((bytes) => Uint8Array.from(bytes));
    wrong[0]!.set([0x42, 0xc8, 0, 0]);
    const jobId = await answer(wrong);
    await settle();
    const objection = (await contracts.lottery.seat(await seatIdOf(jobId, auditors[0]!.signer))).report;
    const challenge = await manager.challenge(objection);
    expect([challenge.status, challenge.claimId]).to.deep.equal([STATUS.open, jobId]);
    await chain.networkHelpers.time.increaseTo(challenge.lastDeadline + 60n);
    await settle();
    await chain.networkHelpers.time.increaseTo((await manager.challenge(objection)).executableAt + 60n);
    await settle();
    expect((await jobs.job(jobId)).status).to.equal(CLAIM.wrong);
    for (const { signer } of auditors) {
      expect(await statusOf(jobId, signer)).to.equal(SEAT.released);
      // Shares of the slash are withdrawn already.
      expect(await staking.rewardOf(signer)).to.equal(0);
      expect(await staking.freeDrawStake(signer)).to.equal((await staking.drawStake(signer)).current);
    }
    expect(await contracts.token.balanceOf(auditors[0]!.signer)).to.be.above(0);
  });

  it("refute the report of an auditor that did not work", async () => {
    const { lottery, manager } = contracts;
    const [honest, lazy] = [auditors[0]!, auditors[1]!.signer];
    const jobId = await answer();
    await settle([honest]);
    // A trace that was never computed: roots that nobody knows anything of.
    const count = model.graph.nodes.length;
    const roots = Array.from({ length: count }, (_, i) => id(`root ${i}`));
    const traceRoot = hexlify(listTree(roots.map((root) => getBytes(root))).root());
    const seatId = await seatIdOf(jobId, lazy);
    const report = await manager.challengeIdOf(lazy, lottery, seatId, traceRoot, 0, 0, id("salt"));
    await lottery.connect(lazy).commit(jobId, lazy, report);
    await chain.networkHelpers.time.increaseTo((await lottery.audit(jobId)).commitDeadline + 1n);
    const asLazy = manager.connect(lazy);
    await asLazy.commitChallenge(report);
    const given = count > 2_048 ? [] : roots;
    await asLazy.openChallenge(lottery, seatId, traceRoot, NO_DEVIATION, given, id("salt"), { value: BOND });
    const before = await balanceOf(honest.signer);
    await settle([honest]);
    expect((await manager.challenge(report)).outstanding).to.equal(1);
    await chain.networkHelpers.time.increaseTo((await manager.challenge(report)).lastDeadline + 1n);
    await settle([honest]);
    expect((await manager.challenge(report)).status).to.equal(STATUS.unanswered);
    await lottery.settle(jobId, lazy);
    expect(await statusOf(jobId, lazy)).to.equal(SEAT.slashed);
    expect([...honest.guard.disputed()]).to.deep.equal([jobId]);
    // Half of the bond is more than gas and the bond of its own report, which still stands.
    expect(await balanceOf(honest.signer)).to.be.above(before - BOND);
  });

  it("hold on to what others dispute until no reorganisation can undo the end, and not to what they dispute themselves", async () => {
    const { jobs, manager } = contracts;
    const [accuser, other] = [auditors[0]!, auditors[1]!];
    const wrong = outputs.map((bytes) => Uint8Array.from(bytes));
    wrong[0]!.set([0x42, 0xc8, 0, 0]);
    const jobId = await answer(wrong);
    await settle([accuser]);
    expect([...accuser.guard.disputed()]).to.deep.equal([]);
    expect([...other.guard.disputed()], "it has not looked yet").to.deep.equal([]);
    await other.pass();
    expect([...other.guard.disputed()]).to.deep.equal([jobId]);

    const { report } = await contracts.lottery.seat(await seatIdOf(jobId, accuser.signer));
    await settle();
    expect([...accuser.guard.disputed()], "the other's objection").to.deep.equal([jobId]);
    await chain.networkHelpers.time.increaseTo((await manager.challenge(report)).lastDeadline + 60n);
    await settle();
    await chain.networkHelpers.time.increaseTo((await manager.challenge(report)).executableAt + 60n);
    await settle();
    expect((await jobs.job(jobId)).status).to.equal(CLAIM.wrong);
    for (const { guard } of auditors) expect([...guard.disputed()], "it can still be undone").to.deep.equal([jobId]);
    await chain.networkHelpers.mine(REORGANISED);
    await settle();
    for (const { guard } of auditors) expect([...guard.disputed()]).to.deep.equal([]);
  });
});
