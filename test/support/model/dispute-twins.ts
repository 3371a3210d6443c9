import { expect } from "chai";
import { type ContractTransaction, id, type Result, toQuantity, ZeroAddress } from "ethers";

import type { JobTermsStruct } from "../../../typechain-types/jobs/JobEscrow.js";
import { evidenceOf, type Trace, type TraceChange, traceOf } from "../alphabet.js";
import {
  CLAIM,
  deployDisputes,
  type Disputes,
  INPUTS,
  lie,
  LAYOUT,
  openingOf,
  rightOutputs,
  TERMS,
} from "../challenges.js";
import { deeperDemand, firstDemand, gridOf, type Place, supplyFor } from "../demands.js";
import type { Dice } from "../graphs.js";
import { EPOCH, HOUR, PARAMETERS, TOKEN } from "../hub.js";
import { listHash, requestArgs } from "../jobs.js";
import { type Connection, OFFER, PARAMS } from "../protocol.js";
import { type Sent, sendAt } from "../send.js";
import { delegate } from "../staking.js";
import { afterEpoch, attempt, ModelClock } from "./clock.js";
import { ModelDisputes } from "./disputes.js";
import { ModelStaking } from "./staking.js";

type Signer = Connection["stranger"];

interface Claimed {
  readonly id: string;
  readonly terms: JobTermsStruct;
  readonly right: boolean;
}

interface Opened {
  readonly id: string;
  readonly trace: Trace;
  /** An element that is wrong in the trace. */
  readonly wrong: readonly { readonly node: number; readonly element: number }[];
  readonly demands: Map<string, Place>;
}

const LOCK = 100n * TOKEN;
const OWN = 100_000n * TOKEN;
const DELEGATED = 30_000n * TOKEN;
const PAYMENT = 10n ** 18n;
const ENDS = ["open", "upheld", "refuted", "unanswered", "settled", "refunded"] as const;
const CLAIM_ENDS = { ...CLAIM, assigned: 1n, refunded: 3n };

const nameOf = ({ node, height, index }: Place): string => `${node} ${height} ${index}`;

/** Jobs, challenges and the stake behind them, played at random on the contracts and on the model. */
export class DisputeTwins {
  readonly counts = new Map<string, { done: number; refused: number }>();
  private readonly claims: Claimed[] = [];
  private readonly opened: Opened[] = [];
  private name = "";
  private now: bigint;
  private salts = 0;

  private constructor(
    private readonly chain: Connection,
    private readonly disputes: Disputes,
    private readonly people: readonly Signer[],
    private readonly model: ModelDisputes,
    private readonly dice: Dice,
    now: number,
  ) {
    this.now = afterEpoch(now, EPOCH);
  }

  static async start(chain: Connection, dice: Dice): Promise<DisputeTwins> {
    const disputes = await deployDisputes(chain);
    const { owner, worker } = chain;
    const people = (await chain.ethers.getSigners()).slice(1, 9);
    await delegate(chain, disputes, people.at(-1)!, DELEGATED);
    const clock = new ModelClock();
    const { strikesToJail, jailTime, releaseFee, minDelegation } = PARAMETERS.staking;
    const staking = new ModelStaking(clock, {
      ...{ epoch: BigInt(EPOCH), unbonding: BigInt(PARAMS.unbonding), minDelegation, releaseFee, strikesToJail },
      jailTime: BigInt(jailTime),
    });
    clock.chain = BigInt(await chain.networkHelpers.time.latest());
    staking.deposit(owner.address, owner.address, OWN);
    staking.deposit(owner.address, people.at(-1)!.address, DELEGATED);
    const { auditShare, missPenalty, challengeWindow } = PARAMETERS.jobs;
    const terms = {
      inclusionDelay: BigInt(TERMS.inclusionDelay),
      ...{ challengeWindow: BigInt(challengeWindow), auditShare: BigInt(auditShare), missPenalty: BigInt(missPenalty) },
      ...{ refutationWindow: BigInt(TERMS.refutationWindow), supplyWindow: BigInt(TERMS.supplyWindow) },
      ...{ graceWindow: BigInt(TERMS.graceWindow), airGap: BigInt(TERMS.airGap), bondFloor: TERMS.bondFloor },
      ...{ baseFeeFloor: TERMS.baseFeeFloor, priceMultiple: BigInt(TERMS.priceMultiple), depth: BigInt(LAYOUT.depth) },
    };
    const speaksFor = (who: string) => who === owner.address || who === worker.address;
    const model = new ModelDisputes(clock, staking, terms, speaksFor);
    return new DisputeTwins(chain, disputes, people, model, dice, Number(clock.chain));
  }

  async step(): Promise<void> {
    const { dice } = this;
    const actions: readonly (readonly [string, number, () => Promise<unknown>])[] = [
      ["request", 5, () => this.request()],
      ["submit", 5, () => this.submit()],
      ["expireJob", 2, () => this.onClaim("expire", (claim) => this.model.expireJob(claim))],
      ["finalise", 4, () => this.onClaim("finalise", (claim) => this.model.finalise(claim))],
      ["open", 9, () => this.open()],
      ["demand", 14, () => this.demand()],
      ["deeper", 14, () => this.deeper()],
      ["supply", 18, () => this.supply()],
      ["refute", 6, () => this.refute()],
      ["expire", 5, () => this.expire()],
      ["refund", 6, () => this.refund()],
      ["resolve", 9, () => this.onChallenge("resolve")],
      ["execute", 9, () => this.onChallenge("execute")],
      ["settle", 5, () => this.onChallenge("settle")],
      ["emergency", 2, () => this.emergency()],
      ["withdraw", 4, () => this.withdraw()],
      ["pause", 1, () => this.pause()],
      ["unpause", 2, () => this.unpause()],
      ["fee", 3, () => this.changeBaseFee()],
      ["wait", 9, () => this.wait()],
    ];
    let pick = dice.roll(actions.reduce((sum, [, weight]) => sum + weight, 0));
    const [name, , act] = actions.find(([, weight]) => (pick -= weight) < 0)!;
    this.name = name;
    await act();
    await this.compare();
  }

  /** Has both do it; the model is told the base fee. */
  private async both(by: Signer, call: ContractTransaction, act: (sent: Sent) => void, value = 0n): Promise<Sent> {
    this.now += 1n;
    const sent = await sendAt(this.chain, { from: by.address, to: call.to, data: call.data, value }, this.now);
    this.model.clock.chain = this.now;
    const refusal = attempt([this.model, this.model.staking], () => act(sent));
    expect(refusal, `${this.name}: model, then contract`).to.equal(sent.refusal);
    const count = this.counts.get(this.name) ?? { done: 0, refused: 0 };
    this.counts.set(this.name, sent.ok ? { ...count, done: count.done + 1 } : { ...count, refused: count.refused + 1 });
    return sent;
  }

  private async request(): Promise<void> {
    const { jobs, modelId } = this.disputes;
    const { owner, publisher } = this.chain;
    const consumer = this.dice.of(this.people);
    const duration = HOUR * (1 + this.dice.roll(23));
    const args = requestArgs(this.chain, { modelId }, { inputs: INPUTS, duration, lock: LOCK });
    const job = { ...{ operator: owner.address, consumer: consumer.address }, publisher: publisher.address };
    const money = { fee: OFFER.price, royalty: 0n, lock: LOCK };
    const call = await jobs.request.populateTransaction(...args);
    const act = ({ logs }: Sent) => {
      const event = logs.map((log) => jobs.interface.parseLog(log)).find((each) => each?.name === "JobRequested");
      const jobId = event === undefined ? id("refused") : (event!.args.getValue("jobId") as string);
      this.model.request(jobId, { ...job, ...money }, BigInt(duration));
      const terms = (event!.args.getValue("terms") as Result).toObject() as JobTermsStruct;
      this.claims.push({ id: jobId, terms, right: this.dice.chance(50) });
    };
    await this.both(consumer, call, act, OFFER.price);
  }

  private async submit(): Promise<void> {
    const claim = this.anyClaim();
    if (claim === undefined) return this.request();
    const { jobs } = this.disputes;
    const outputs = rightOutputs(this.disputes, listHash(INPUTS, ["f32"]));
    if (!claim.right) lie(outputs);
    const call = await jobs.submit.populateTransaction(claim.terms, outputs);
    const { ok } = await this.both(this.chain.worker, call, () => this.model.submit(claim.id));
    if (ok) await this.both(this.chain.stranger, await jobs.present.populateTransaction(claim.terms), () => undefined);
  }

  private async onClaim(act: "expire" | "finalise", model: (claim: string) => void): Promise<void> {
    const claim = this.anyClaim(act === "expire" ? "assigned" : "answered");
    if (claim === undefined) return this.request();
    const { jobs } = this.disputes;
    const call =
      act === "expire"
        ? await jobs.expire.populateTransaction(claim.terms)
        : await jobs.finalise.populateTransaction(claim.terms, []);
    this.aim([this.model.state.claims.get(claim.id)!.due], 30);
    await this.both(this.dice.of(this.people), call, () => model(claim.id));
  }

  private async open(): Promise<void> {
    const { dice, disputes, model } = this;
    const answered = this.claims.filter(({ id: claim }) => model.state.claims.get(claim)?.status === "answered");
    const claim = answered.at(-1 - dice.roll(Math.min(3, answered.length))) ?? this.anyClaim();
    if (claim === undefined || model.state.claims.get(claim.id)!.status === "assigned") return this.submit();
    const inputsRoot = listHash(INPUTS, ["f32"]);
    const outputs = rightOutputs(disputes, inputsRoot);
    if (!claim.right) lie(outputs);
    const { change, wrong } = this.falsify(claim);
    const trace = traceOf(disputes.model, inputsRoot, change);
    const isVoid = wrong.some(({ node, element }) => node === 3 && element === 1);
    const element = isVoid ? 1 : 0;
    const challenger = dice.of(this.people);
    const source = await disputes.jobs.getAddress();
    const about = {
      id: claim.id,
      source,
      inputsRoot,
      outputs,
      dtypes: LAYOUT.outputs.map(({ node }) => LAYOUT.nodes[node]!.dtype),
      truth: trace,
    };
    const salt = id(`${this.salts++}`);
    const opening = await openingOf(this.chain, disputes, about, { trace, element, challenger, salt });
    const { challengeId, args } = opening;
    const commit = await disputes.manager.commitChallenge.populateTransaction(challengeId);
    const committed = await this.both(challenger, commit, () => model.clock.needRunning());
    if (!committed.ok) return;
    const committedAt = model.clock.time;
    this.aim([model.state.claims.get(claim.id)!.due]);
    const bond = model.bondAt(committed.baseFee) + (dice.chance(10) ? -1n : BigInt(dice.roll(10 ** 9)) * 10n ** 7n);
    const call = await disputes.manager.openChallenge.populateTransaction(...args);
    const verdict = isVoid ? ("void" as const) : ("wrong" as const);
    const asserted = { claim: claim.id, by: challenger.address, verdict, bond };
    const { ok } = await this.both(
      challenger,
      call,
      ({ baseFee }) => model.open(challengeId, asserted, { baseFee, committedAt }),
      bond,
    );
    if (ok) this.opened.push({ id: challengeId, trace, wrong, demands: new Map() });
  }

  /** A true trace of a wrong answer, or a false one of any. */
  private falsify({ right }: Claimed): { change: TraceChange; wrong: Opened["wrong"] } {
    const { dice } = this;
    if (!right && dice.chance(60)) return { change: {}, wrong: [] };
    const output = dice.chance(30)
      ? { node: 3, element: 1, bits: 0x7fc00000n }
      : { node: 3, element: 0, bits: 0x41000000n };
    const node = dice.roll(3);
    const inner = { node, element: dice.roll(LAYOUT.nodes[node]!.elements), bits: BigInt(dice.roll(2 ** 31)) };
    const alter = dice.chance(50) ? [output, inner] : [output];
    return { change: { alter }, wrong: alter };
  }

  private async demand(): Promise<void> {
    const opened = this.anyOpened();
    if (opened === undefined) return this.open();
    const { dice } = this;
    const node = dice.roll(5);
    const height = dice.of(gridOf(opened.trace, node));
    const positions = Math.ceil(opened.trace.trees[node]!.count / 2 ** height);
    const place = { node, height, index: dice.roll(dice.chance(70) ? Math.min(positions, 3) : positions) };
    const call = await this.disputes.manager.demand.populateTransaction(opened.id, firstDemand(opened.trace, place));
    this.aim([this.model.state.challenges.get(opened.id)!.refutationDeadline]);
    await this.demandBoth(opened, place, call);
  }

  private async deeper(): Promise<void> {
    const opened = this.anyOpened();
    const isSupplied = (place: Place) => {
      const kept = this.model.state.challenges.get(opened!.id)!.demands.get(nameOf(place))!;
      return place.height > 0 && (kept.grace !== undefined || this.dice.chance(20));
    };
    const around = opened && this.anyDemand(opened, isSupplied);
    if (around === undefined) return this.demand();
    const height = Math.max(0, around.height - 8);
    const inside = supplyFor(opened!.trace, around).length;
    const index = around.index * 2 ** (around.height - height) + this.dice.roll(inside);
    const place = { node: around.node, height, index };
    const subtree = deeperDemand(opened!.trace, around, place);
    const call = await this.disputes.manager.demandDeeper.populateTransaction(opened!.id, around, subtree);
    const { grace } = this.model.state.challenges.get(opened!.id)!.demands.get(nameOf(around))!;
    this.aim(grace === undefined ? [] : [grace]);
    await this.demandBoth(opened!, place, call, nameOf(around));
  }

  private async demandBoth(opened: Opened, place: Place, call: ContractTransaction, around?: string): Promise<void> {
    const by = this.dice.of(this.people);
    const shown = supplyFor(opened.trace, place);
    const payload = typeof shown === "string" ? 256 : 32 * shown.length;
    const burnt = this.model.state.burnt;
    const act = ({ baseFee }: Sent) => {
      this.model.demand(opened.id, nameOf(place), by.address, BigInt(payload), baseFee, around);
      const { price } = this.model.state.challenges.get(opened.id)!.demands.get(nameOf(place))!;
      this.model.give(by.address, PAYMENT - price - (this.model.state.burnt - burnt));
    };
    const { ok } = await this.both(by, call, act, PAYMENT);
    if (ok) opened.demands.set(nameOf(place), place);
  }

  private async supply(): Promise<void> {
    const opened = this.anyOpened();
    const place = opened && this.anyDemand(opened);
    if (place === undefined) return this.demand();
    const { manager } = this.disputes;
    const shown = supplyFor(opened!.trace, place);
    const call =
      typeof shown === "string"
        ? await manager.supplyLeaf.populateTransaction(opened!.id, place, shown)
        : await manager.supplyHashes.populateTransaction(opened!.id, place, shown);
    this.aim([this.model.state.challenges.get(opened!.id)!.demands.get(nameOf(place))!.deadline]);
    await this.both(this.dice.of(this.people), call, () => this.model.supply(opened!.id, nameOf(place)));
  }

  private async refute(): Promise<void> {
    const { dice } = this;
    const opened = this.anyOpened();
    if (opened === undefined) return this.open();
    const aimed = opened.wrong.length > 0 && dice.chance(40);
    const { node, element } = aimed ? dice.of(opened.wrong) : { node: dice.roll(4), element: dice.roll(4) };
    const call = await this.disputes.manager.refute.populateTransaction(
      opened.id,
      evidenceOf(opened.trace, node, element),
    );
    const by = dice.of(this.people);
    const wrong = opened.wrong.some((each) => each.node === node && each.element === element);
    const path = pathTo(opened.trace, leafPlace(opened.trace, node, element));
    this.aim([this.model.state.challenges.get(opened.id)!.lastDeadline]);
    await this.both(by, call, () => this.model.refute(opened.id, by.address, wrong, path));
  }

  private async expire(): Promise<void> {
    const opened = this.anyOpened();
    const place = opened && this.anyDemand(opened);
    if (place === undefined) return this.demand();
    const call = await this.disputes.manager.expire.populateTransaction(opened!.id, place);
    const path = pathTo(opened!.trace, place);
    this.aim([this.model.state.challenges.get(opened!.id)!.demands.get(nameOf(place))!.deadline]);
    await this.both(this.dice.of(this.people), call, () => this.model.expire(opened!.id, nameOf(place), path));
  }

  private async refund(): Promise<void> {
    const opened = this.dice.of([...this.opened.slice(-12), undefined]);
    const place = opened && this.anyDemand(opened);
    if (place === undefined) return;
    const call = await this.disputes.manager.refundDemand.populateTransaction(opened!.id, place);
    await this.both(this.dice.of(this.people), call, () => this.model.refund(opened!.id, nameOf(place)));
  }

  private async onChallenge(act: "resolve" | "execute" | "settle"): Promise<void> {
    const opened = this.anyOpened();
    if (opened === undefined) return this.open();
    const { lastDeadline, executableAt } = this.model.state.challenges.get(opened.id)!;
    this.aim(act === "resolve" ? [lastDeadline] : [executableAt], 15);
    const call = await this.disputes.manager[act].populateTransaction(opened.id);
    await this.both(this.dice.of(this.people), call, () => this.model[act](opened.id));
  }

  private async emergency(): Promise<void> {
    const opened = this.anyOpened();
    if (opened === undefined) return;
    const call = await this.disputes.manager.emergencyVoid.populateTransaction([opened.id]);
    await this.both(this.chain.deployer, call, () => this.model.emergencyVoid(opened.id));
  }

  private async withdraw(): Promise<void> {
    const { manager, jobs } = this.disputes;
    const bonds = this.dice.chance(60);
    const book = this.model.state[bonds ? "bonds" : "fees"];
    const owed = this.people.filter(({ address }) => (book.get(address) ?? 0n) > 0n);
    const who = this.dice.of(owed.length > 0 && this.dice.chance(70) ? owed : this.people);
    const call = bonds
      ? await manager.withdraw.populateTransaction(who)
      : await jobs.withdraw.populateTransaction(ZeroAddress, who);
    await this.both(this.chain.deployer, call, () => this.model.withdraw(bonds ? "bonds" : "fees", who.address));
  }

  private async pause(): Promise<void> {
    await this.both(this.chain.deployer, await this.disputes.hub.pause.populateTransaction(), () =>
      this.model.clock.pause(),
    );
  }

  private async unpause(): Promise<void> {
    await this.both(this.chain.deployer, await this.disputes.hub.unpause.populateTransaction(), () =>
      this.model.clock.unpause(),
    );
  }

  private async changeBaseFee(): Promise<void> {
    const fee = BigInt(1 + this.dice.roll(12)) * 10n ** 9n;
    await this.chain.ethers.provider.send("hardhat_setNextBlockBaseFeePerGas", [toQuantity(fee)]);
  }

  private wait(): Promise<void> {
    this.now += BigInt(this.dice.roll(6 * HOUR));
    return Promise.resolve();
  }

  /** Has the next call come to the second around a deadline: seldom, because it ends what else is running. Deadlines lag behind the chain by the pauses so far. */
  private aim(deadlines: readonly bigint[], often = 4): void {
    const lag = this.now - this.timeNow();
    const ahead = deadlines.map((deadline) => deadline + lag).filter((deadline) => deadline > this.now + 2n);
    if (ahead.length === 0 || !this.dice.chance(often)) return;
    this.now = this.dice.of(ahead) - 2n + BigInt(this.dice.roll(3));
  }

  private timeNow(): bigint {
    this.model.clock.chain = this.now;
    return this.model.clock.time;
  }

  /** Mostly one of this status. */
  private anyClaim(status = "assigned"): Claimed | undefined {
    const recent = this.claims.slice(-6);
    const fitting = recent.filter(({ id: claim }) => this.model.state.claims.get(claim)!.status === status);
    const from = fitting.length > 0 && this.dice.chance(75) ? fitting : recent;
    return from.length === 0 ? undefined : this.dice.of(from);
  }

  private anyOpened(): Opened | undefined {
    const recent = this.opened.slice(-5);
    const running = recent.filter(({ id: each }) => this.model.state.challenges.get(each)!.status === "open");
    const from = running.length > 0 && this.dice.chance(75) ? running : recent;
    return from.length === 0 ? undefined : this.dice.of(from);
  }

  private anyDemand({ demands }: Opened, fits: (place: Place) => boolean = () => true): Place | undefined {
    const places = [...demands.values()].filter(fits);
    return places.length === 0 ? undefined : this.dice.of(places);
  }

  /** Sums, the operator's stake, and a few parties, challenges and claims; all of them at the end. */
  private async compare(): Promise<void> {
    const some = <T>(all: readonly T[]): T[] => (all.length === 0 ? [] : [this.dice.of(all.slice(-6))]);
    await this.compareSome([this.dice.of(this.people)], some(this.opened), some(this.claims));
  }

  async finish(): Promise<void> {
    await this.compareSome(this.people, this.opened, this.claims);
  }

  private async compareSome(
    people: readonly Signer[],
    opened: readonly Opened[],
    claims: readonly Claimed[],
  ): Promise<void> {
    const { manager, jobs, staking } = this.disputes;
    const { owner } = this.chain;
    const { state, staking: stake } = this.model;
    const [owed, burnt, pool, ownPool, free, fees] = await Promise.all([
      manager.totalOwed(),
      manager.totalBurnt(),
      jobs.auditPool(ZeroAddress),
      staking.ownPool(owner),
      staking.freeStake(owner),
      staking.delegatorFees().then((address) => this.chain.ethers.provider.getBalance(address)),
    ]);
    const { active, locked } = ownPool;
    const model = stake.seen(owner.address, []);
    expect({ owed, burnt, pool, active, locked, free, fees }, `${this.name}: contract, then model`).to.deep.equal({
      ...{ owed: this.model.owed(), burnt: state.burnt, pool: state.auditPool, fees: state.shared },
      ...{ active: model.own.active, locked: model.own.locked, free: model.free },
    });
    for (const { address } of people) {
      const [bonds, fees, reward] = await Promise.all([
        manager.creditOf(address),
        jobs.creditOf(ZeroAddress, address),
        staking.rewardOf(address),
      ]);
      const credits = { bonds: state.bonds.get(address) ?? 0n, fees: state.fees.get(address) ?? 0n };
      expect({ bonds, fees, reward }, `${this.name}: contract, then model`).to.deep.equal({
        ...{ ...credits, reward: stake.state.rewards.get(address) ?? 0n },
      });
    }
    for (const each of opened) await this.compareChallenge(each);
    for (const each of claims) await this.compareClaim(each);
  }

  private async compareChallenge({ id: challengeId }: Opened): Promise<void> {
    const real = await this.disputes.manager.challenge(challengeId);
    const { demands, status, ...model } = this.model.state.challenges.get(challengeId)!;
    const waiting = [...demands.values()].filter(({ grace }) => grace === undefined).length;
    const { bond, openedAt, refutationDeadline, lastDeadline, executableAt, paid, held, outstanding } = real;
    expect(
      { bond, openedAt, refutationDeadline, lastDeadline, executableAt, paid, held, outstanding, status: real.status },
      `${this.name}: challenge`,
    ).to.deep.equal({
      ...{ bond: model.bond, openedAt: model.openedAt, refutationDeadline: model.refutationDeadline },
      ...{ lastDeadline: model.lastDeadline, executableAt: model.executableAt, paid: model.paid, held: model.held },
      ...{ outstanding: BigInt(waiting), status: BigInt(1 + ENDS.indexOf(status)) },
    });
  }

  private async compareClaim({ id: claimId }: Claimed): Promise<void> {
    const real = await this.disputes.jobs.job(claimId);
    const { status, due } = this.model.state.claims.get(claimId)!;
    expect(real.status, `${this.name}: claim`).to.equal(CLAIM_ENDS[status]);
    expect(real.openChallenges, `${this.name}: challenges`).to.equal(BigInt(this.model.standing(claimId)));
    const answered = real.outputsRoot !== `0x${"0".repeat(64)}`;
    expect(answered ? real.challengeDeadline : real.deadline, `${this.name}: due`).to.equal(due);
  }
}

/** The leaf that holds an element. */
function leafPlace(trace: Trace, node: number, element: number): Place {
  const width = { f32: 4, u8: 1, i64: 8, i32: 4 }[trace.model.nodes[node]!.dtype as "f32" | "u8" | "i64" | "i32"];
  return { node, height: 0, index: Math.floor((element * width) / 256) };
}

/** A place and all those around it that can be demanded. */
function pathTo(trace: Trace, { node, height, index }: Place): string[] {
  return gridOf(trace, node)
    .filter((each) => each >= height)
    .map((each) => nameOf({ node, height: each, index: Math.floor(index / 2 ** (each - height)) }));
}
