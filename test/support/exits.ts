import { expect } from "chai";
import { type AddressLike, type Result, ZeroAddress } from "ethers";

import { DelegatorFees__factory } from "../../typechain-types/index.js";
import type { JobTermsStruct } from "../../typechain-types/jobs/JobEscrow.js";
import { CLAIM, type Disputes, INPUTS } from "./challenges.js";
import type { Dice } from "./graphs.js";
import { requestJob } from "./jobs.js";
import { type Connection, DAY, PARAMS, TOKEN } from "./protocol.js";
import { DEPOSIT, RECEIPT_PARAMS, signedVoucher } from "./receipts.js";
import { delegate } from "./staking.js";

/** `ReservationStatus.Active` */
const ACTIVE = 1n;
/** Divisions round down, each by less than a unit: a redemption, or a credit to delegators. */
const DUST = 1000n;

/** Those who are no party to a dispute but have money in the protocol: delegators, payers, a consumer whom nobody answers. */
export class Bystanders {
  /** Ways out that were taken. */
  readonly counts = new Map<string, number>();

  private constructor(
    private readonly chain: Connection,
    private readonly disputes: Disputes,
    private readonly dice: Dice,
    private readonly everybody: readonly Connection["stranger"][],
    /** Has no part in anything: what it does, anybody can do. */
    private readonly anybody: Connection["stranger"],
  ) {}

  static async start(chain: Connection, disputes: Disputes, dice: Dice): Promise<Bystanders> {
    const signers = await chain.ethers.getSigners();
    const bystanders = new Bystanders(chain, disputes, dice, signers.slice(0, 11), signers[11]!);
    for (const holder of bystanders.delegators) await delegate(chain, disputes, holder, 1000n * TOKEN);
    return bystanders;
  }

  private get delegators() {
    return this.everybody.slice(9);
  }

  /** Puts something in, or begins to take it out. */
  async step(): Promise<void> {
    const { chain, disputes, dice } = this;
    const { staking, receipts } = disputes;
    const holder = dice.of([...this.delegators, chain.owner]);
    const asHolder = staking.connect(holder);
    const { amount, exitCount } = await staking.position(chain.owner, holder);
    const [reservation] = (await this.reservations()).slice(-1);
    const pick = dice.roll(6);
    if (pick === 0) await delegate(chain, disputes, holder, BigInt(1 + dice.roll(1000)) * TOKEN + 7n);
    else if (pick === 1 && amount > 3n) await asHolder.requestExit(chain.owner, amount / 3n);
    else if (pick === 2 && exitCount > 0n) await asHolder.cancelExit(chain.owner, exitCount - 1n);
    else if (pick === 3) await requestJob(chain, disputes, { inputs: INPUTS });
    else if (reservation === undefined) return;
    else if (pick === 4) await receipts.deposit(reservation, 12_345n, { value: 12_345n });
    else {
      const { collected } = await receipts.reservationOf(reservation);
      const cumulative = collected + BigInt(1 + dice.roll(100)) * (DEPOSIT / 333n);
      await receipts.collect([await signedVoucher(chain, disputes, { reservation, cumulative })]);
    }
  }

  /** After all disputes ended: everybody takes everything, by their own calls and anybody's; the contracts keep dust. */
  async leave(): Promise<void> {
    const { chain, disputes } = this;
    const { time } = chain.networkHelpers;
    await time.increase(RECEIPT_PARAMS.maxReservation + RECEIPT_PARAMS.challengeWindow + 1);
    await this.endJobs();
    await this.endReservations();
    const holders = [chain.owner, ...this.delegators];
    for (const holder of holders) {
      const { shares } = await disputes.staking.position(chain.owner, holder);
      if (shares > 0n) await disputes.staking.connect(holder).requestFullExit(chain.owner);
    }
    await disputes.registry.connect(chain.publisher).deprecate(disputes.modelId);
    // Exits begin with the next epoch.
    await time.increase(PARAMS.unbonding + 2 * DAY);
    for (const holder of holders) await this.takeStake(holder);
    for (const reservation of await this.reservations()) await this.takeDeposit(reservation);
    await this.takeCredits();
    await disputes.registry.connect(chain.publisher).withdrawDeposit(disputes.modelId, chain.publisher);
    await disputes.staking.connect(this.anybody).burnSlashed();
    await this.expectEmpty();
  }

  private async endJobs(): Promise<void> {
    const jobs = this.disputes.jobs.connect(this.anybody);
    for (const { args } of await jobs.queryFilter(jobs.filters.JobRequested())) {
      const terms = (args.terms as unknown as Result).toObject() as JobTermsStruct;
      const { status } = await jobs.job(args.jobId);
      if (status < CLAIM.answered) await this.take("expire", jobs.expire(terms));
      else if (status === CLAIM.answered) await this.take("finalise", jobs.finalise(terms, []));
      expect((await jobs.job(args.jobId)).status, "a job without an end").to.be.above(CLAIM.answered);
    }
  }

  private async endReservations(): Promise<void> {
    const { receipts } = this.disputes;
    for (const reservation of await this.reservations()) {
      const { status, balance } = await receipts.reservationOf(reservation);
      if (status === ACTIVE) await this.take("release", receipts.connect(this.anybody).release(reservation));
      if (balance > 0n) await receipts.connect(this.chain.consumer).thaw(reservation, balance);
    }
  }

  private async takeStake(holder: Connection["stranger"]): Promise<void> {
    const { owner } = this.chain;
    const staking = this.disputes.staking.connect(holder);
    const { exitCount } = await staking.position(owner, holder);
    for (let i = 0n; i < exitCount; i++) {
      if ((await staking.exit(owner, holder, i)).readyAt > 0n)
        await this.take("exit", staking.withdrawExit(owner, i, holder));
    }
    const own = holder.address === owner.address;
    const { generation } = await (own ? staking.ownPool(owner) : staking.delegatedPool(owner));
    const fees = await this.fees();
    for (let g = 0n; g <= generation; g++) {
      if ((await staking.retiredPosition(owner, holder, g)) > 0n)
        await this.take("redeem", staking.redeemRetired(owner, g, holder));
      if ((await fees.earned(owner, g, ZeroAddress, holder)) === 0n) continue;
      await this.take("collect", fees.connect(holder).collect(owner, g, ZeroAddress, holder));
    }
    expect((await staking.position(owner, holder)).shares, "shares that stay").to.equal(0n);
  }

  private async takeDeposit(reservation: string): Promise<void> {
    const { receipts } = this.disputes;
    const { consumer } = this.chain;
    const { thawing } = await receipts.reservationOf(reservation);
    if (thawing > 0n) await this.take("thawed", receipts.connect(consumer).withdrawThawed(reservation, consumer));
  }

  private async takeCredits(): Promise<void> {
    const { jobs, receipts, staking } = this.disputes;
    for (const account of this.everybody) {
      for (const escrow of [jobs.connect(this.anybody), receipts.connect(this.anybody)]) {
        if ((await escrow.creditOf(ZeroAddress, account)) > 0n)
          await this.take("credit", escrow.withdraw(ZeroAddress, account));
      }
      if ((await staking.rewardOf(account)) > 0n)
        await this.take("reward", staking.connect(account).withdrawReward(account));
    }
  }

  private async expectEmpty(): Promise<void> {
    const { jobs, receipts, staking, manager, registry, token } = this.disputes;
    const { provider } = this.chain.ethers;
    const left = async (contract: AddressLike) => provider.getBalance(contract);
    // No audit lottery yet, so nobody to have its part of fees.
    expect(await left(jobs), "coins of jobs").to.equal(await jobs.auditPool(ZeroAddress));
    expect(await left(receipts), "coins of receipts").to.equal(0n);
    expect(await left(manager), "coins of challenges").to.equal(await manager.totalBurnt());
    expect(await left(registry), "coins of the registry").to.equal(0n);
    expect(await left(await this.fees()), "coins of delegators").to.be.at.most(DUST);
    expect(await staking.totalOwed(), "stake owed").to.be.at.most(DUST);
    expect(await token.balanceOf(staking), "stake").to.be.at.most(DUST);
  }

  private async take(way: string, call: Promise<unknown>): Promise<void> {
    await call;
    this.counts.set(way, (this.counts.get(way) ?? 0) + 1);
  }

  private async reservations(): Promise<string[]> {
    const { receipts } = this.disputes;
    const events = await receipts.queryFilter(receipts.filters.ReservationActivated());
    return events.map(({ args }) => args.reservation);
  }

  private async fees() {
    const { staking } = this.disputes;
    return DelegatorFees__factory.connect(await staking.delegatorFees(), staking.runner);
  }
}
