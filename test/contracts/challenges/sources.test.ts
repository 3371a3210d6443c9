import { expect } from "chai";

import { traceOf } from "../../support/alphabet.js";
import {
  at,
  BOND,
  CLAIM,
  claimOf,
  deployDisputes,
  type Disputes,
  expectBalanced,
  FALSE_OUTPUT,
  lie,
  openChallenge,
  play,
  STATUS,
  uphold,
} from "../../support/challenges.js";
import { floatBytes, openElement } from "../../support/jobs.js";
import { connect, type Connection, TOKEN } from "../../support/protocol.js";
import { presentedClaim, RECEIPT_PARAMS, withReservation } from "../../support/receipts.js";

describe("ChallengeManager: receipts beside jobs", () => {
  let chain: Connection;
  let disputes: Disputes & { reservation: string };

  before(async () => {
    chain = await connect();
  });

  beforeEach(async () => {
    disputes = await chain.networkHelpers.loadFixture(fixture);
  });

  const fixture = async () => withReservation(chain, await deployDisputes(chain));

  const stake = () => disputes.staking.stakeOf(chain.owner);

  it("a wrong receipt is slashed like a wrong job; its consumer's refund is its share", async () => {
    const { receipts, manager, staking, reservation } = disputes;
    const claim = await presentedClaim(chain, disputes, reservation, { answer: lie });
    const game = play(
      chain,
      disputes,
      await openChallenge(chain, disputes, claim, { trace: claim.truth }),
      claim.truth,
    );
    await uphold(chain, game);
    const before = await stake();
    await game.execute();
    expect((await receipts.claim(claim.id)).status).to.equal(CLAIM.wrong);
    expect(before - (await stake())).to.equal(100n * TOKEN);
    const [challenger, consumer] = [chain.challenger, chain.consumer];
    expect(await staking.rewardOf(challenger)).to.equal(35n * TOKEN);
    expect(await staking.rewardOf(consumer)).to.equal(15n * TOKEN);
    expect(await manager.creditOf(challenger)).to.equal(BOND);
  });

  it("a false challenge of a right receipt is refuted", async () => {
    const { receipts, manager, model, reservation } = disputes;
    const claim = await presentedClaim(chain, disputes, reservation);
    const trace = traceOf(model, claim.inputsRoot, FALSE_OUTPUT);
    const game = play(chain, disputes, await openChallenge(chain, disputes, claim, { trace }), trace);
    await game.refute(3, 0, chain.worker);
    expect((await game.state()).status).to.equal(STATUS.refuted);
    expect(await manager.creditOf(chain.worker)).to.equal(BOND / 2n);
    expect((await receipts.claim(claim.id)).openChallenges).to.equal(0);
    expect((await receipts.reservationOf(reservation)).openChallenges).to.equal(0);
  });

  it("the first wrong of a reservation settles the other challenges: bonds back, open or upheld", async () => {
    const { receipts, manager, reservation } = disputes;
    const [first, second, third] = [
      await presentedClaim(chain, disputes, reservation, { answer: lie }),
      await presentedClaim(chain, disputes, reservation, { answer: lie }),
      await presentedClaim(chain, disputes, reservation, { answer: lie }),
    ];
    const open = async (claim: typeof first) =>
      play(chain, disputes, await openChallenge(chain, disputes, claim, { trace: claim.truth }), claim.truth);
    const [one, two] = [await open(first), await open(second)];
    await uphold(chain, one);
    await two.resolve();
    const three = await open(third);
    await expect(three.settle()).to.be.revertedWithCustomError(manager, "ClaimNotSettled").withArgs(receipts, third.id);
    await one.execute();
    await at(chain, (await two.state()).executableAt);
    // Executing settles; settling does not wait for anything.
    await two.execute();
    await three.settle();
    for (const game of [one, two, three]) expect((await game.state()).status).to.equal(STATUS.settled);
    expect(await manager.creditOf(chain.challenger)).to.equal(3n * BOND);
    expect((await receipts.claim(third.id)).status).to.equal(CLAIM.unbacked);
    const { balance, accounted } = await expectBalanced(chain, disputes);
    expect(balance).to.equal(accounted);
  });

  it("the same bytes by receipt and by job are two claims", async () => {
    const { jobs, receipts, reservation } = disputes;
    const job = await claimOf(chain, disputes, lie);
    const receipt = await presentedClaim(chain, disputes, reservation, { answer: lie });
    const games = [];
    for (const claim of [job, receipt]) {
      const id = await openChallenge(chain, disputes, claim, { trace: claim.truth });
      games.push(play(chain, disputes, id, claim.truth));
    }
    await at(chain, (await games[1]!.state()).lastDeadline + 1n);
    for (const game of games) await game.resolve();
    await at(chain, (await games[1]!.state()).executableAt);
    const before = await stake();
    for (const game of games) await game.execute();
    expect(before - (await stake())).to.equal(200n * TOKEN);
    expect((await jobs.claim(job.id)).status).to.equal(CLAIM.wrong);
    expect((await receipts.claim(receipt.id)).status).to.equal(CLAIM.wrong);
  });

  it("an input outside the domain voids a receipt at once; its reservation goes on", async () => {
    const { receipts, manager, reservation } = disputes;
    const inputs = [floatBytes([0, 1.5, 0.5, 1])];
    const claim = await presentedClaim(chain, disputes, reservation, { inputs, answer: lie });
    await manager.connect(chain.stranger).voidOutsideDomain(receipts, claim.id, openElement(inputs, ["f32"], 0, 1));
    expect((await receipts.claim(claim.id)).status).to.equal(CLAIM.void);
    await presentedClaim(chain, disputes, reservation);
  });

  it("a reservation is released only when its last challenge is closed", async () => {
    const { receipts, model, reservation } = disputes;
    const { end } = await receipts.reservationOf(reservation);
    await at(chain, end);
    await chain.networkHelpers.mine();
    const claim = await presentedClaim(chain, disputes, reservation);
    const trace = traceOf(model, claim.inputsRoot, FALSE_OUTPUT);
    await at(chain, (await receipts.claim(claim.id)).challengeDeadline - 10n);
    const game = play(chain, disputes, await openChallenge(chain, disputes, claim, { trace }), trace);
    await at(chain, end + BigInt(RECEIPT_PARAMS.challengeWindow) + 1n);
    await expect(receipts.release(reservation)).to.be.revertedWithCustomError(receipts, "ReservationChallenged");
    await game.refute(3, 0);
    await receipts.release(reservation);
  });
});
