import { expect } from "chai";
import { AbiCoder, id, keccak256 } from "ethers";

import { after, aroundSecond, aroundValue, before as until, from, upTo } from "../support/boundaries.js";
import {
  at,
  claimOf,
  deployDisputes,
  FALSE_OUTPUT,
  lie,
  openChallenge,
  play,
  TERMS,
  uphold,
} from "../support/challenges.js";
import { createDraws, deployEnlisted } from "../support/draws.js";
import { traceOf } from "../support/alphabet.js";
import { deployHub, EPOCH, INCLUSION_DELAY, PARAMETERS, parametersWith } from "../support/hub.js";
import { requestJob } from "../support/jobs.js";
import { agreementOf, deployAudits, drawnAudit } from "../support/lottery.js";
import {
  connect,
  type Connection,
  DAY,
  deployWithOperator,
  HOUR,
  OFFER,
  PARAMS,
  profilesOf,
  TOKEN,
} from "../support/protocol.js";
import { LOCK, RECEIPT_PARAMS, signedOffer, withReservation } from "../support/receipts.js";
import { delegate, deployStaking, lockId } from "../support/staking.js";

/** Deadlines and floors at -1, 0 and +1, where the tests of a contract look at one side only. `docs/rules.md` lists them all. */
describe("Boundaries", () => {
  let chain: Connection;
  const A = lockId("a");

  before(async () => {
    chain = await connect();
  });

  describe("stake", () => {
    const own = 100n * TOKEN;

    async function fixture() {
      return deployStaking(chain);
    }

    const deployed = () => chain.networkHelpers.loadFixture(fixture);

    it("an exit leaves after unbonding", async () => {
      const { staking } = await deployed();
      const asOwner = staking.connect(chain.owner);
      await asOwner.requestExit(chain.owner, TOKEN);
      const { readyAt } = await staking.exit(chain.owner, chain.owner, 0);
      await aroundSecond(chain, readyAt, from(staking, "ExitNotReady"), () =>
        asOwner.withdrawExit(chain.owner, 0, chain.owner),
      );
    });

    it("a queued exit backs new locks until its epoch ends", async () => {
      const { hub, staking, source } = await deployed();
      await staking.connect(chain.owner).requestExit(chain.owner, TOKEN);
      const end = ((await hub.epoch()) + 1n) * BigInt(EPOCH);
      await aroundSecond(chain, end, until(staking, "InsufficientStake"), () =>
        source.lock(staking, chain.owner, A, own),
      );
    });

    it("a lock takes all free stake", async () => {
      const { staking, source } = await deployed();
      await aroundValue(chain, own, upTo(staking, "InsufficientStake"), (amount) =>
        source.lock(staking, chain.owner, A, amount),
      );
    });

    it("a lock is five times the own stake, however much is delegated", async () => {
      const { staking, source, token } = await deployed();
      await delegate(chain, { staking, token }, chain.stranger, 1_000n * TOKEN);
      await aroundValue(chain, 5n * own, upTo(staking, "InsufficientStake"), (amount) =>
        source.lock(staking, chain.owner, A, amount),
      );
    });

    it("a delegation has its minimum", async () => {
      const { staking, token } = await deployed();
      const { minDelegation } = PARAMETERS.staking;
      await aroundValue(chain, minDelegation, from(staking, "DelegationTooSmall"), (amount) =>
        delegate(chain, { staking, token }, chain.stranger, amount),
      );
    });

    it("what is set aside for draws is free when it is announced, and can be drawn from the next epoch on", async () => {
      const { hub, staking, source } = await deployed();
      const asOwner = staking.connect(chain.owner);
      await source.lock(staking, chain.owner, A, 40n * TOKEN);
      await aroundValue(chain, own - 40n * TOKEN, upTo(staking, "InsufficientStake"), (amount) =>
        asOwner.setDrawStake(amount),
      );
      await asOwner.setDrawStake(60n * TOKEN);
      const next = ((await hub.epoch()) + 1n) * BigInt(EPOCH);
      await aroundSecond(chain, next, from(staking, "InsufficientStake"), () =>
        source.lockDrawn(staking, chain.owner, lockId("b"), 60n * TOKEN),
      );
    });

    it("jail begins with the last strike, and is left after its time", async () => {
      const { staking, source, token } = await deployed();
      const { strikesToJail, releaseFee } = PARAMETERS.staking;
      await aroundValue(chain, strikesToJail, until(staking, "Jailed"), async (strikes) => {
        for (let i = 0n; i < strikes; i++) await source.strike(staking, chain.owner);
        await source.lock(staking, chain.owner, A, 1n);
      });
      for (let i = 0; i < strikesToJail; i++) await source.strike(staking, chain.owner);
      await token.connect(chain.deployer).transfer(chain.owner, releaseFee);
      await token.connect(chain.owner).approve(staking, releaseFee);
      const { releasableAt } = await staking.conductOf(chain.owner);
      await aroundSecond(chain, releasableAt, from(staking, "StillInJail"), () =>
        staking.connect(chain.owner).release(),
      );
    });

    it("a slash rewards 16 accounts", async () => {
      const { staking, source } = await deployed();
      await source.lock(staking, chain.owner, A, own);
      await aroundValue(chain, 16, upTo(staking, "TooManyRewards"), (count) => {
        const reward = { to: chain.challenger.address, amount: 1n };
        return source.slash(
          staking,
          chain.owner,
          A,
          Array.from({ length: Number(count) }, () => reward),
        );
      });
    });

    it("a commission is all at most, and applies after its delay", async () => {
      const { staking } = await deployed();
      const profiles = await profilesOf(staking);
      const asOwner = profiles.connect(chain.owner);
      await aroundValue(chain, 10_000, upTo(profiles, "CommissionTooHigh"), (commission) =>
        asOwner.setCommission(commission),
      );
      await asOwner.setCommission(1_000);
      const [, , , effectiveAt] = await profiles.termsOf(chain.owner);
      for (const [offset, commission] of [
        [-1n, 0n],
        [0n, 1_000n],
        [1n, 1_000n],
      ] as const) {
        await chain.networkHelpers.time.increaseTo(effectiveAt + offset);
        expect(await profiles.commissionOf(chain.owner), `at ${offset}`).to.equal(commission);
      }
    });
  });

  describe("jobs and models", () => {
    async function fixture() {
      return deployWithOperator(chain);
    }

    const deployed = () => chain.networkHelpers.loadFixture(fixture);

    it("a lock lies between the floor and the offer's maximum", async () => {
      const setup = await deployed();
      const { jobs, offers } = setup;
      const ask = (lock: bigint) => requestJob(chain, setup, { lock });
      await aroundValue(chain, PARAMS.lockFloor, from(jobs, "LockTooSmall"), ask);
      await aroundValue(chain, OFFER.maxLock, upTo(offers, "LockOutOfRange"), ask);
    });

    it("a duration lies between the offer's minimum and the maximum", async () => {
      const setup = await deployed();
      const { jobs, offers } = setup;
      const ask = (duration: bigint) => requestJob(chain, setup, { duration });
      await aroundValue(chain, OFFER.minDuration, from(offers, "DurationOutOfRange"), ask);
      await aroundValue(chain, PARAMS.maxDuration, upTo(jobs, "DurationTooLong"), ask);
    });

    it("as many jobs wait as the operator's concurrency", async () => {
      const setup = await deployed();
      await aroundValue(chain, OFFER.concurrency, upTo(setup.offers, "OfferBusy"), async (count) => {
        for (let i = 0n; i < count; i++) await requestJob(chain, setup, { lock: PARAMS.lockFloor });
      });
    });

    it("a royalty is 30% at most", async () => {
      const { registry, modelId } = await deployed();
      await aroundValue(chain, 3_000, upTo(registry, "RoyaltyTooHigh"), (royalty) =>
        registry.connect(chain.publisher).announceRoyalty(modelId, royalty),
      );
    });

    it("a registration's deposit comes back after its delay", async () => {
      const { registry, modelId } = await deployed();
      const asPublisher = registry.connect(chain.publisher);
      await asPublisher.deprecate(modelId);
      const freeAt = (await chain.networkHelpers.time.latest()) + PARAMS.depositDelay;
      await aroundSecond(chain, freeAt, from(registry, "DepositLocked"), () =>
        asPublisher.withdrawDeposit(modelId, chain.publisher),
      );
    });
  });

  describe("draws", () => {
    it("a seed is good for sixteen picks: the first that can serve is the 15th, the 16th, and no more the 17th", async () => {
      const setup = await deployEnlisted(chain);
      const { jobs, offers, modelId } = setup;
      const { ask, draw, join, jobOf, seedOf } = createDraws(() => ({ chain, setup }));
      // Fifteen of sixteen parts of the weight can't serve this lock.
      await join(chain.stranger, { maxLock: PARAMS.lockFloor }, 900n * TOKEN);
      await join(chain.challenger, {}, 60n * TOKEN);
      await offers.connect(chain.owner).delist(modelId);
      await chain.networkHelpers.time.increase(DAY);
      const jobId = await ask({ lock: 2n * PARAMS.lockFloor });
      const [seedBlock, epoch] = await seedOf(jobId);
      // Points below this one are of who can't serve.
      const first = await offers.weightOf(modelId, chain.stranger, epoch);
      const total = await offers.totalWeight(modelId, epoch);
      expect(await offers.operatorAt(modelId, epoch, first - 1n)).to.equal(chain.stranger.address);
      expect(await offers.operatorAt(modelId, epoch, first)).to.equal(chain.challenger.address);
      const coder = AbiCoder.defaultAbiCoder();
      const firstAble = async (): Promise<number> => {
        const block = await chain.ethers.provider.getBlock(Number(seedBlock));
        const parts = [block!.hash, await jobs.getAddress(), jobId];
        const seed = keccak256(coder.encode(["bytes32", "address", "bytes32"], parts));
        for (let i = 0; i < 17; i++) {
          if (BigInt(keccak256(coder.encode(["bytes32", "uint256"], [seed, i]))) % total >= first) return i;
        }
        return -1;
      };
      const start = await chain.networkHelpers.time.latest();
      const wanted = new Set([14, 15, 16]);
      // The time of a block is a part of its hash: each try has another seed.
      for (let later = 10; wanted.size > 0; later++) {
        const snapshot = await chain.networkHelpers.takeSnapshot();
        await chain.networkHelpers.mine(Number(seedBlock) - (await chain.ethers.provider.getBlockNumber()) - 1);
        await chain.networkHelpers.time.setNextBlockTimestamp(start + later);
        await chain.networkHelpers.mine();
        const index = await firstAble();
        if (wanted.delete(index)) {
          await draw(jobId);
          const { operator } = await jobOf(jobId);
          expect(operator === chain.challenger.address, `pick ${index}`).to.equal(index < 16);
        }
        await snapshot.restore();
      }
    });
  });

  describe("receipts", () => {
    async function fixture() {
      return withReservation(chain, await deployDisputes(chain));
    }

    const deployed = () => chain.networkHelpers.loadFixture(fixture);

    it("a reservation's end can be brought forward until it is there", async () => {
      const { receipts, reservation } = await deployed();
      const { end } = await receipts.reservationOf(reservation);
      await aroundSecond(chain, end, until(receipts, "AlreadyEnded"), () =>
        receipts.connect(chain.owner).endReservation(reservation),
      );
    });

    it("a deposit leaves after the thaw", async () => {
      const { receipts, reservation } = await deployed();
      const asPayer = receipts.connect(chain.consumer);
      await asPayer.thaw(reservation, 1n);
      const thawedAt = (await chain.networkHelpers.time.latest()) + RECEIPT_PARAMS.payerThaw;
      await aroundSecond(chain, thawedAt, from(receipts, "StillThawing"), () =>
        asPayer.withdrawThawed(reservation, chain.consumer),
      );
    });

    it("an owner's cap is for all reservations together", async () => {
      const setup = await deployed();
      const { receipts } = setup;
      await receipts.connect(chain.owner).setReservationCap(2n * LOCK);
      await aroundValue(chain, LOCK, upTo(receipts, "CapExceeded"), async (lock) => {
        const { offer, signature } = await signedOffer(chain, setup, { lock, salt: id("another") });
        const value = offer.minDeposit;
        await receipts.connect(chain.consumer).activate(offer, signature, value, { value });
      });
    });
  });

  describe("challenges", () => {
    async function fixture() {
      const disputes = await deployDisputes(chain);
      const claim = await claimOf(chain, disputes, lie);
      const opened = await openChallenge(chain, disputes, claim, { trace: claim.truth });
      return { disputes, claim, game: play(chain, disputes, opened, claim.truth) };
    }

    const deployed = () => chain.networkHelpers.loadFixture(fixture);

    it("an upheld challenge is executed after the air gap", async () => {
      const { disputes, game } = await deployed();
      await at(chain, (await game.state()).lastDeadline + 1n);
      await game.resolve();
      await aroundSecond(chain, (await game.state()).executableAt, from(disputes.manager, "AirGapRunning"), () =>
        game.execute(),
      );
    });

    it("an unanswered demand ends a challenge after the supply window", async () => {
      const { disputes, game } = await deployed();
      const position = { node: 1, height: 1, index: 5 };
      await game.demand(position);
      const { supplyDeadline } = await game.demandAt(position);
      await aroundSecond(chain, supplyDeadline, after(disputes.manager, "SupplyOpen"), () => game.expire(position));
    });

    it("a refutation comes until the last supply window ends", async () => {
      const disputes = await deployDisputes(chain);
      const claim = await claimOf(chain, disputes);
      const trace = traceOf(disputes.model, claim.inputsRoot, FALSE_OUTPUT);
      const game = play(chain, disputes, await openChallenge(chain, disputes, claim, { trace }), trace);
      const { refutationDeadline } = await game.state();
      await at(chain, refutationDeadline);
      await game.demand({ node: 1, height: 1, index: 5 });
      const last = refutationDeadline + BigInt(TERMS.supplyWindow);
      await aroundSecond(chain, last, upTo(disputes.manager, "RefutationClosed"), () => game.refute(3, 0));
    });

    it("a void is executed after the claim's challenge window", async () => {
      const disputes = await deployDisputes(chain, { challengeWindow: 72 * HOUR });
      const claim = await claimOf(chain, disputes, lie);
      const trace = traceOf(disputes.model, claim.inputsRoot, {
        alter: [{ node: 3, element: 1, bits: 0x7fc00000n }],
      });
      const opened = await openChallenge(chain, disputes, claim, { trace, element: 1, challenger: chain.consumer });
      const game = play(chain, disputes, opened, trace);
      await uphold(chain, game);
      const { challengeDeadline } = await disputes.jobs.claim(claim.id);
      await aroundSecond(chain, challengeDeadline, after(disputes.manager, "ChallengeWindowOpen"), () =>
        game.execute(),
      );
    });
  });

  describe("audits", () => {
    async function fixture() {
      const suite = await deployAudits(chain);
      return { suite, drawn: await drawnAudit(chain, suite) };
    }

    const deployed = () => chain.networkHelpers.loadFixture(fixture);

    it("a report is opened after the commit deadline, until the report deadline", async () => {
      const { suite, drawn } = await deployed();
      const { lottery, manager } = suite;
      const { commitDeadline, reportDeadline } = await lottery.audit(drawn.claim.id);
      const reportBy = (auditor: (typeof drawn.auditors)[number]) =>
        agreementOf(suite, drawn.claim.id, auditor, drawn.claim.truth);
      const [early, late] = await Promise.all(drawn.auditors.slice(0, 2).map(reportBy));
      await early!.commit();
      await late!.commit();
      await at(chain, commitDeadline - 60n);
      await early!.announce();
      await aroundSecond(chain, commitDeadline, after(lottery, "CommitOpen"), early!.open);
      await at(chain, reportDeadline - 60n);
      await late!.announce();
      await aroundSecond(chain, reportDeadline, upTo(manager, "ClaimNotChallengeable"), late!.open);
    });

    it("silence is a strike after the report deadline", async () => {
      const { suite, drawn } = await deployed();
      const { lottery } = suite;
      const { reportDeadline } = await lottery.audit(drawn.claim.id);
      await aroundSecond(chain, reportDeadline, after(lottery, "NotSettleable"), () =>
        lottery.settle(drawn.claim.id, drawn.auditors[0]!),
      );
    });
  });

  describe("governance", () => {
    it("unbonding exceeds the longest dispute and a day", async () => {
      const hub = await deployHub(chain);
      const least = (await hub.worstCaseFinality(PARAMETERS.receipts.challengeWindow, 8)) + BigInt(DAY);
      await aroundValue(chain, least, after(hub, "UnbondingTooShort"), (unbonding) =>
        hub.proposeParameters(parametersWith({ staking: { unbonding } })),
      );
    });

    it("the inclusion delay is ten minutes to three days, an epoch an hour to three days", async () => {
      const hub = await deployHub(chain);
      const delay = (inclusionDelay: bigint) =>
        deployHub(chain, { inclusionDelay: Number(inclusionDelay), parameters: wide(Number(inclusionDelay)) });
      await aroundValue(chain, 600, from(hub, "ParameterOutOfBounds"), delay);
      await aroundValue(chain, 3 * DAY, upTo(hub, "ParameterOutOfBounds"), delay);
      const epoch = (length: bigint) => deployHub(chain, { epoch: Number(length) });
      await aroundValue(chain, HOUR, from(hub, "ParameterOutOfBounds"), epoch);
      await aroundValue(chain, 3 * DAY, upTo(hub, "ParameterOutOfBounds"), epoch);
    });

    /** Windows that an inclusion delay needs. */
    function wide(inclusionDelay: number) {
      const [first, reaction] = [2 * inclusionDelay + 6 * HOUR, inclusionDelay + 6 * HOUR];
      return {
        staking: { unbonding: 365 * DAY },
        jobs: { challengeWindow: Math.max(first, DAY) },
        receipts: { challengeWindow: Math.max(first, DAY) },
        challenges: {
          refutationWindow: first,
          supplyWindow: reaction,
          graceWindow: reaction,
          airGap: inclusionDelay,
        },
      };
    }

    it("a second pause waits for 30 days of running", async () => {
      const hub = await deployHub(chain);
      await hub.pause();
      await hub.unpause();
      const end = await chain.networkHelpers.time.latest();
      await aroundSecond(chain, end + 30 * DAY, from(hub, "PauseTooSoon"), () => hub.pause());
    });

    it("roles change after more than unbonding; an emergency waits half a pause at most", async () => {
      const { ethers, deployer, owner, worker } = chain;
      const governance = await ethers.deployContract("Governance", [deployer]);
      const hub = await ethers.deployContract("Hub", [deployer, governance, INCLUSION_DELAY, EPOCH, parametersWith()]);
      const manager = await ethers.deployContract("ToyManager", [hub, INCLUSION_DELAY, 0]);
      await hub.seal(manager, [await ethers.deployContract("ToySource", [manager])], []);
      const settings = { deposit: 0, depositDelay: 0, royaltyDelay: 7 * DAY };
      const registry = await ethers.deployContract("ModelRegistry", [hub, [manager], settings]);
      const seats = { governor: owner.address, guardian: worker.address };
      const { unbonding } = PARAMETERS.staking;
      await aroundValue(chain, unbonding, after(governance, "DelayTooShort"), (adminDelay) =>
        governance.handOver(hub, registry, { ...seats, adminDelay, emergencyDelay: 2 * DAY }),
      );
      await aroundValue(chain, (7 * DAY) / 2, upTo(governance, "ParameterOutOfBounds"), (emergencyDelay) =>
        governance.handOver(hub, registry, { ...seats, adminDelay: 30 * DAY, emergencyDelay }),
      );
      await governance.handOver(hub, registry, { ...seats, adminDelay: unbonding + 1, emergencyDelay: 2 * DAY });
      const asGovernor = governance.connect(owner);
      const grant = governance.interface.encodeFunctionData("grantRole", [2, worker.address, 0]);
      await asGovernor.schedule(governance, grant, 0);
      const ready = (await chain.networkHelpers.time.latest()) + unbonding + 1;
      await aroundSecond(chain, ready, from(governance, "AccessManagerNotReady"), () =>
        asGovernor.grantRole(2, worker, 0),
      );
    });
  });
});
