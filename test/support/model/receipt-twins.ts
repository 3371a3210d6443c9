import { expect } from "chai";
import { type ContractTransaction, id, toBeHex, ZeroAddress } from "ethers";

import { offerDigest, receiptDigest, signOffer, signReceipt, signVoucher } from "../../../src/receipts/typed-data.js";
import type { Dice } from "../graphs.js";
import { EPOCH, HOUR, PARAMETERS, TOKEN } from "../hub.js";
import { type Connection, DAY, deployWithOperator, PARAMS } from "../protocol.js";
import { domainOf, receiptOf } from "../receipts.js";
import { sendAt } from "../send.js";
import { delegate } from "../staking.js";
import { afterEpoch, attempt, ModelClock } from "./clock.js";
import { ModelReceipts } from "./receipts.js";
import { ModelStaking } from "./staking.js";

type Signer = Connection["stranger"];

const OWN = 1000n * TOKEN;
const DELEGATED = 700n * TOKEN;
const STATUS = { answered: 2n, final: 4n, wrong: 5n, void: 6n, unbacked: 7n };
const RESERVATION = { active: 1n, released: 2n, slashed: 3n };

/** Reservations, deposits, vouchers and receipts, played at random on the contracts and on the model. */
export class ReceiptTwins {
  readonly counts = new Map<string, { done: number; refused: number }>();
  private readonly reservations: string[] = [];
  private readonly receipts: string[] = [];
  private name = "";
  private now: bigint;
  private salts = 0;

  private constructor(
    private readonly chain: Connection,
    private readonly contracts: Awaited<ReturnType<typeof deployWithOperator>>,
    private readonly domain: Awaited<ReturnType<typeof domainOf>>,
    private readonly people: readonly Signer[],
    private readonly model: ModelReceipts,
    private readonly dice: Dice,
  ) {
    this.now = afterEpoch(Number(model.clock.chain), EPOCH);
  }

  static async start(chain: Connection, dice: Dice): Promise<ReceiptTwins> {
    const contracts = await deployWithOperator(chain);
    const { owner, worker } = chain;
    const people = (await chain.ethers.getSigners()).slice(2, 8);
    const delegator = people.at(-1)!;
    await delegate(chain, contracts, delegator, DELEGATED);
    const clock = new ModelClock();
    clock.chain = BigInt(await chain.networkHelpers.time.latest());
    const { strikesToJail, jailTime, releaseFee, minDelegation } = PARAMETERS.staking;
    const staking = new ModelStaking(clock, {
      ...{ epoch: BigInt(EPOCH), unbonding: BigInt(PARAMS.unbonding), minDelegation, releaseFee, strikesToJail },
      jailTime: BigInt(jailTime),
    });
    staking.deposit(owner.address, owner.address, OWN);
    staking.deposit(owner.address, delegator.address, DELEGATED);
    const { challengeWindow, maxReservation, payerThaw, reservationFloor } = PARAMETERS.receipts;
    const params = {
      ...{ challengeWindow: BigInt(challengeWindow), maxReservation: BigInt(maxReservation) },
      ...{ payerThaw: BigInt(payerThaw), reservationFloor },
    };
    const speaksFor = (who: string) => who === owner.address || who === worker.address;
    const model = new ModelReceipts(clock, staking, params, speaksFor);
    return new ReceiptTwins(chain, contracts, await domainOf(chain, contracts), people, model, dice);
  }

  async step(): Promise<void> {
    const { dice } = this;
    const actions: readonly (readonly [string, number, () => Promise<void>])[] = [
      ["setCap", 3, () => this.setCap()],
      ["activate", 10, () => this.activate()],
      ["deposit", 5, () => this.deposit()],
      ["end", 4, () => this.endReservation()],
      ["release", 8, () => this.release()],
      ["thaw", 5, () => this.thaw()],
      ["withdrawThawed", 7, () => this.withdrawThawed()],
      ["collect", 10, () => this.collect()],
      ["withdraw", 4, () => this.withdraw()],
      ["present", 14, () => this.present()],
      ["challenge", 8, () => this.onReceipt("open", (receipt) => this.model.challenge(receipt))],
      ["close", 6, () => this.onReceipt("close", (receipt) => this.model.closeChallenge(receipt))],
      ["wrong", 3, () => this.settleWrong()],
      ["void", 3, () => this.onReceipt("void", (receipt) => this.model.settleVoid(receipt))],
      ["pause", 1, () => this.pause()],
      ["unpause", 2, () => this.unpause()],
      ["wait", 10, () => this.wait()],
    ];
    let pick = dice.roll(actions.reduce((sum, [, weight]) => sum + weight, 0));
    const [name, , act] = actions.find(([, weight]) => (pick -= weight) < 0)!;
    this.name = name;
    await act();
    await this.compare(this.reservations.slice(-4), this.receipts.slice(-3));
  }

  async finish(): Promise<void> {
    await this.compare(this.reservations, this.receipts);
  }

  private async both(by: Signer, call: ContractTransaction, act: () => void, value = 0n): Promise<boolean> {
    this.now += 1n;
    const sent = await sendAt(this.chain, { from: by.address, to: call.to, data: call.data, value }, this.now);
    this.model.clock.chain = this.now;
    const refusal = attempt([this.model, this.model.staking], act);
    expect(refusal, `${this.name}: model, then contract`).to.equal(sent.refusal);
    const count = this.counts.get(this.name) ?? { done: 0, refused: 0 };
    this.counts.set(this.name, sent.ok ? { ...count, done: count.done + 1 } : { ...count, refused: count.refused + 1 });
    return sent.ok;
  }

  private async setCap(): Promise<void> {
    const { owner } = this.chain;
    const reserved = this.model.reserved(owner.address);
    const cap = this.dice.chance(70) ? OWN : reserved + BigInt(10 * this.dice.roll(4)) * TOKEN;
    const call = await this.contracts.receipts.setReservationCap.populateTransaction(cap);
    await this.both(owner, call, () => this.model.setCap(owner.address, cap));
  }

  private async activate(): Promise<void> {
    const { dice, chain } = this;
    const { maxReservation, reservationFloor } = PARAMETERS.receipts;
    const payer = dice.of(this.people);
    const minDeposit = BigInt(dice.roll(3));
    const chosen = {
      ...{
        operator: chain.owner.address,
        payer: payer.address,
        currency: ZeroAddress,
        salt: toBeHex(++this.salts, 32),
      },
      lock: reservationFloor * BigInt(dice.roll(5)) + (dice.chance(20) ? -1n : 0n) + reservationFloor,
      duration: dice.chance(15) ? maxReservation + dice.roll(3) - 1 : dice.roll(8 * DAY),
      activateBy: Number(this.now) + (dice.chance(80) ? 1000 : dice.roll(3)),
      minDeposit,
    };
    const signature = await signOffer(chain.worker, this.domain, chosen);
    const reservation = offerDigest(this.domain, chosen);
    const amount = minDeposit + BigInt(dice.roll(1000)) - (dice.chance(20) ? minDeposit : 0n);
    const call = await this.contracts.receipts.activate.populateTransaction(chosen, signature, amount);
    const offer = { ...chosen, duration: BigInt(chosen.duration), activateBy: BigInt(chosen.activateBy) };
    const by = dice.chance(90) ? payer : dice.of(this.people);
    const act = () => this.model.activate(reservation, offer, by.address, amount);
    if (await this.both(by, call, act, amount)) this.reservations.push(reservation);
  }

  private async deposit(): Promise<void> {
    const reservation = this.anyReservation();
    const amount = BigInt(this.dice.roll(500));
    const call = await this.contracts.receipts.deposit.populateTransaction(reservation, amount);
    await this.both(this.dice.of(this.people), call, () => this.model.deposit(reservation, amount), amount);
  }

  private async endReservation(): Promise<void> {
    const reservation = this.anyReservation();
    const by = this.dice.of([this.chain.owner, this.chain.worker, this.chain.stranger]);
    this.aim(this.model.state.reservations.get(reservation)?.end, -1n);
    const call = await this.contracts.receipts.endReservation.populateTransaction(reservation);
    await this.both(by, call, () => this.model.end(reservation, by.address));
  }

  private async release(): Promise<void> {
    const reservation = this.anyReservation();
    const end = this.model.state.reservations.get(reservation)?.end;
    this.aim(end === undefined ? undefined : end + BigInt(PARAMETERS.receipts.challengeWindow));
    const call = await this.contracts.receipts.release.populateTransaction(reservation);
    await this.both(this.dice.of(this.people), call, () => this.model.release(reservation));
  }

  private async thaw(): Promise<void> {
    const reservation = this.anyReservation();
    const by = this.payerOf(reservation);
    const amount = BigInt(this.dice.roll(700));
    const call = await this.contracts.receipts.thaw.populateTransaction(reservation, amount);
    await this.both(by, call, () => this.model.thaw(reservation, by.address, amount));
  }

  private async withdrawThawed(): Promise<void> {
    const reservation = this.anyReservation();
    const by = this.payerOf(reservation);
    this.aim(this.model.state.reservations.get(reservation)?.thawedAt);
    const call = await this.contracts.receipts.withdrawThawed.populateTransaction(reservation, by);
    await this.both(by, call, () => this.model.withdrawThawed(reservation, by.address));
  }

  private async collect(): Promise<void> {
    const { dice } = this;
    const vouchers = [];
    const known: { id: string; cumulative: bigint; signed: boolean }[] = [];
    for (let i = 0; i <= dice.roll(3); i++) {
      const reservation = this.anyReservation();
      const kept = this.model.state.reservations.get(reservation);
      const [collected, balance] = [kept?.collected ?? 0n, kept?.balance ?? 0n];
      const cumulative = collected + (dice.chance(20) ? balance + BigInt(dice.roll(3)) : BigInt(dice.roll(200)));
      const payer = this.people.find(({ address }) => address === kept?.payer);
      const signer = payer === undefined || dice.chance(10) ? this.chain.deployer : payer;
      const voucher = { reservation, cumulative };
      vouchers.push({ voucher, signature: await signVoucher(signer, this.domain, voucher) });
      known.push({ id: reservation, cumulative, signed: signer === payer });
    }
    const call = await this.contracts.receipts.collect.populateTransaction(vouchers);
    await this.both(dice.of(this.people), call, () => this.model.collect(known));
  }

  private async withdraw(): Promise<void> {
    const { owner } = this.chain;
    const who = this.dice.chance(80) ? owner : this.dice.of(this.people);
    const call = await this.contracts.receipts.withdraw.populateTransaction(ZeroAddress, who);
    await this.both(this.dice.of(this.people), call, () => this.model.withdraw(who.address));
  }

  /** Issued around the ends of the reservation's life, in the past, now, or a second too early. */
  private async present(): Promise<void> {
    const { dice, model } = this;
    const reservation = this.anyReservation();
    const kept = model.state.reservations.get(reservation);
    const lag = this.now - this.timeNow();
    const edges = kept === undefined ? [this.now] : [kept.start + lag, kept.end + lag, this.now, this.now + 1n];
    const issuedAt = dice.of(edges) + BigInt(dice.roll(3)) - 1n;
    const consumer = dice.of(this.people).address;
    const receipt = await receiptOf(this.chain, this.contracts, {
      ...{ reservation, requestId: toBeHex(++this.salts, 32), issuedAt: Number(issuedAt), consumer },
    });
    const signature = await signReceipt(this.chain.worker, this.domain, receipt);
    const claim = receiptDigest(this.domain, receipt);
    const call = await this.contracts.receipts.present.populateTransaction(receipt, signature);
    const act = () =>
      model.present(claim, { reservation, consumer }, { chain: issuedAt, time: model.clock.at(issuedAt) });
    if (await this.both(dice.of(this.people), call, act)) this.receipts.push(claim);
  }

  private async onReceipt(what: "open" | "close" | "void", act: (receipt: string) => void): Promise<void> {
    const receipt = this.anyReceipt();
    if (receipt === undefined) return this.present();
    const { manager, receipts } = this.contracts;
    if (what === "open") this.aim(this.model.state.receipts.get(receipt)!.deadline);
    const call = await manager[what].populateTransaction(receipts, receipt);
    await this.both(this.chain.stranger, call, () => act(receipt));
  }

  private async settleWrong(): Promise<void> {
    const receipt = this.anyReceipt();
    if (receipt === undefined) return this.present();
    const { manager, receipts } = this.contracts;
    const challengers = Array.from({ length: this.dice.roll(4) }, () => this.dice.of(this.people).address);
    const call = await manager.wrong.populateTransaction(receipts, receipt, challengers);
    await this.both(this.chain.stranger, call, () => this.model.settleWrong(receipt, challengers));
  }

  private async pause(): Promise<void> {
    await this.both(this.chain.deployer, await this.contracts.hub.pause.populateTransaction(), () =>
      this.model.clock.pause(),
    );
  }

  private async unpause(): Promise<void> {
    await this.both(this.chain.deployer, await this.contracts.hub.unpause.populateTransaction(), () =>
      this.model.clock.unpause(),
    );
  }

  private async wait(): Promise<void> {
    this.now += BigInt(this.dice.roll(this.dice.chance(20) ? 10 * DAY : 20 * HOUR));
    await this.setCap();
  }

  /** Has the next call come to the second around a time of the protocol, often. */
  private aim(time: bigint | undefined, shift = 0n): void {
    const at = time === undefined ? 0n : time + this.now - this.timeNow() + shift;
    if (at > this.now + 2n && this.dice.chance(40)) this.now = at - 2n + BigInt(this.dice.roll(3));
  }

  private timeNow(): bigint {
    this.model.clock.chain = this.now;
    return this.model.clock.time;
  }

  private anyReservation(): string {
    return this.dice.of([...this.reservations.slice(-4), ...(this.reservations.length === 0 ? [id("none")] : [])]);
  }

  private payerOf(reservation: string): Signer {
    const payer = this.model.state.reservations.get(reservation)?.payer;
    const known = this.people.find(({ address }) => address === payer);
    return known === undefined || this.dice.chance(10) ? this.dice.of(this.people) : known;
  }

  private anyReceipt(): string | undefined {
    return this.receipts.length === 0 ? undefined : this.dice.of(this.receipts.slice(-5));
  }

  private async compare(reservations: readonly string[], claims: readonly string[]): Promise<void> {
    const { receipts, staking } = this.contracts;
    const { model, name } = this;
    const { owner, ethers } = this.chain;
    const [held, credit, reserve, free] = await Promise.all([
      ethers.provider.getBalance(receipts),
      receipts.creditOf(ZeroAddress, owner),
      receipts.reservedBy(owner),
      staking.freeStake(owner),
    ]);
    expect({ held, credit, reserved: reserve.reserved, free }, `${name}: contract, then model`).to.deep.equal({
      ...{ held: model.held(), credit: model.state.credits.get(owner.address) ?? 0n },
      ...{ reserved: model.reserved(owner.address), free: model.staking.seen(owner.address, []).free },
    });
    const fees = await ethers.provider.getBalance(await staking.delegatorFees());
    expect(fees, `${name}: delegators' part`).to.equal(model.state.shared);
    for (const each of reservations) {
      const { status, balance, collected, thawing, thawedAt, end, openChallenges } = await receipts.reservationOf(each);
      const kept = model.state.reservations.get(each)!;
      expect(
        { status, balance, collected, thawing, thawedAt, end, openChallenges },
        `${name}: reservation, contract, then model`,
      ).to.deep.equal({
        ...{ status: RESERVATION[kept.status], balance: kept.balance, collected: kept.collected, end: kept.end },
        ...{ thawing: kept.thawing, thawedAt: kept.thawedAt, openChallenges: BigInt(model.standing(each)) },
      });
    }
    this.timeNow();
    for (const each of claims) {
      const { status, openChallenges, challengeDeadline } = await receipts.claim(each);
      const kept = model.state.receipts.get(each)!;
      expect({ status, openChallenges, challengeDeadline }, `${name}: claim, contract, then model`).to.deep.equal({
        ...{ status: STATUS[model.statusOf(each)], openChallenges: BigInt(kept.challenges) },
        challengeDeadline: kept.deadline,
      });
    }
  }
}
