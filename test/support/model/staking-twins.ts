import { expect } from "chai";
import type { ContractTransaction } from "ethers";

import type { OperatorStaking, ToySource } from "../../../typechain-types/index.js";
import type { Dice } from "../graphs.js";
import { deployHub, EPOCH, HOUR, TOKEN } from "../hub.js";
import { type Connection, DAY, PARAMS } from "../protocol.js";
import { sendAt } from "../send.js";
import { lockId } from "../staking.js";
import { afterEpoch, attempt, ModelClock } from "./clock.js";
import { ModelStaking } from "./staking.js";

const PARAMETERS = { minDelegation: 10n, strikesToJail: 3, jailTime: DAY, releaseFee: 5n };
const LOCKS = 5;
const OPERATORS = 2;

type Signer = Connection["stranger"];

/**
 * Stake of two operators and two delegators, played at random on the contracts and on the model: every call must be taken or refused by
 * both, with the same error, and leave every view the same.
 */
export class StakingTwins {
  readonly counts = new Map<string, { done: number; refused: number }>();
  private now: bigint;

  private constructor(
    private readonly chain: Connection,
    private readonly contracts: Awaited<ReturnType<typeof deploy>>,
    private readonly people: readonly Signer[],
    private readonly model: ModelStaking,
    private readonly dice: Dice,
    now: number,
  ) {
    this.now = afterEpoch(now, EPOCH);
  }

  static async start(chain: Connection, dice: Dice): Promise<StakingTwins> {
    const people = (await chain.ethers.getSigners()).slice(2, 6);
    const contracts = await deploy(chain, people);
    const model = new ModelStaking(new ModelClock(), {
      ...{ ...PARAMETERS, epoch: BigInt(EPOCH), unbonding: BigInt(PARAMS.unbonding) },
      jailTime: BigInt(PARAMETERS.jailTime),
    });
    return new StakingTwins(chain, contracts, people, model, dice, await chain.networkHelpers.time.latest());
  }

  async step(): Promise<void> {
    const { dice } = this;
    const actions: readonly (readonly [string, number, () => Promise<void>])[] = [
      ["deposit", 14, () => this.deposit()],
      ["requestExit", 8, () => this.requestExit()],
      ["requestFullExit", 3, () => this.requestFullExit()],
      ["cancelExit", 5, () => this.onExit("cancelExit")],
      ["withdrawExit", 12, () => this.onExit("withdrawExit")],
      ["redeemRetired", 4, () => this.redeem()],
      ["withdrawReward", 3, () => this.withdrawReward()],
      ["burnSlashed", 2, () => this.burn()],
      ["lock", 12, () => this.lock(false)],
      ["lockDrawn", 6, () => this.lock(true)],
      ["unlock", 5, () => this.unlock()],
      ["slash", 8, () => this.slash()],
      ["penalise", 4, () => this.penalise()],
      ["setDrawStake", 5, () => this.setDrawStake()],
      ["strike", 5, () => this.strike()],
      ["release", 4, () => this.release()],
      ["pause", 1, () => this.pause()],
      ["unpause", 1, () => this.unpause()],
      ["wait", 8, () => this.wait()],
    ];
    let pick = dice.roll(actions.reduce((sum, [, weight]) => sum + weight, 0));
    const [name, , act] = actions.find(([, weight]) => (pick -= weight) < 0)!;
    this.name = name;
    await act();
    await this.compare();
  }

  private name = "";

  private async both(by: Signer, call: ContractTransaction, act: (model: ModelStaking) => void): Promise<void> {
    this.now += 1n;
    const sent = await sendAt(this.chain, { from: by.address, to: call.to, data: call.data }, this.now);
    this.model.clock.chain = this.now;
    const refusal = attempt([this.model], () => act(this.model));
    expect(refusal, `${this.name}: model, then contract`).to.equal(sent.refusal);
    const count = this.counts.get(this.name) ?? { done: 0, refused: 0 };
    this.counts.set(this.name, sent.ok ? { ...count, done: count.done + 1 } : { ...count, refused: count.refused + 1 });
  }

  private get operator(): Signer {
    return this.dice.of(this.people.slice(0, OPERATORS));
  }

  /** The operator itself, or a delegator: any of the others. */
  private holderOf(operator: Signer): Signer {
    return this.dice.chance(50) ? operator : this.dice.of(this.people);
  }

  private async deposit(): Promise<void> {
    const operator = this.operator;
    const holder = this.holderOf(operator);
    // Mostly small, so that roundings matter; sometimes so large that a slash wears the pool out.
    const amount = BigInt(this.dice.chance(25) ? 10 ** (3 + this.dice.roll(10)) : this.dice.roll(1000));
    const call = await this.contracts.staking.deposit.populateTransaction(operator, amount);
    await this.both(holder, call, (model) => model.deposit(operator.address, holder.address, amount));
  }

  private async requestExit(): Promise<void> {
    const operator = this.operator;
    const holder = this.holderOf(operator);
    const held = this.model.seen(operator.address, [holder.address]).holders[0]!.amount;
    const amount = this.part(held);
    const call = await this.contracts.staking.requestExit.populateTransaction(operator, amount);
    await this.both(holder, call, (model) => model.requestExit(operator.address, holder.address, amount));
  }

  private async requestFullExit(): Promise<void> {
    const operator = this.operator;
    const holder = this.holderOf(operator);
    const call = await this.contracts.staking.requestFullExit.populateTransaction(operator);
    await this.both(holder, call, (model) => model.requestFullExit(operator.address, holder.address));
  }

  private async onExit(act: "cancelExit" | "withdrawExit"): Promise<void> {
    const { staking } = this.contracts;
    const operator = this.operator;
    const holder = this.holderOf(operator);
    const { exits } = this.model.seen(operator.address, [holder.address]).holders[0]!;
    const exitId = this.dice.roll(exits.length + 1);
    const readyAt = exits[exitId]?.readyAt ?? 0n;
    // Often to the second.
    const lag = this.now - this.model.clock.time;
    if (act === "withdrawExit" && readyAt + lag > this.now && this.dice.chance(60))
      this.now = readyAt + lag - 2n + BigInt(this.dice.roll(3));
    const call =
      act === "cancelExit"
        ? await staking.cancelExit.populateTransaction(operator, exitId)
        : await staking.withdrawExit.populateTransaction(operator, exitId, holder);
    await this.both(holder, call, (model) => model[act](operator.address, holder.address, exitId));
  }

  private async redeem(): Promise<void> {
    const operator = this.operator;
    const holder = this.holderOf(operator);
    const generation = this.dice.roll(3);
    const call = await this.contracts.staking.redeemRetired.populateTransaction(operator, generation, holder);
    await this.both(holder, call, (model) => model.redeemRetired(operator.address, holder.address, generation));
  }

  private async withdrawReward(): Promise<void> {
    const holder = this.dice.of(this.people);
    const call = await this.contracts.staking.withdrawReward.populateTransaction(holder);
    await this.both(holder, call, (model) => model.withdrawReward(holder.address));
  }

  private async burn(): Promise<void> {
    const call = await this.contracts.staking.burnSlashed.populateTransaction();
    await this.both(this.chain.stranger, call, (model) => model.burnSlashed());
  }

  private async lock(drawn: boolean): Promise<void> {
    const operator = this.operator;
    const { free, freeToDraw } = this.model.seen(operator.address, []);
    const amount = this.part(drawn ? freeToDraw : free);
    const id = this.anyLock();
    const { source, staking } = this.contracts;
    const call = await source[drawn ? "lockDrawn" : "lock"].populateTransaction(staking, operator, id, amount);
    await this.both(this.chain.stranger, call, (model) => model.lock(operator.address, id, amount, drawn));
  }

  private async unlock(): Promise<void> {
    const [operator, id] = [this.operator, this.anyLock()];
    const { source, staking } = this.contracts;
    const call = await source.unlock.populateTransaction(staking, operator, id);
    await this.both(this.chain.stranger, call, (model) => model.unlock(operator.address, id));
  }

  private async slash(): Promise<void> {
    const [operator, id] = [this.operator, this.anyLock()];
    const rewards = [0, 1].map(() => ({ to: this.dice.of(this.people).address, amount: BigInt(this.dice.roll(500)) }));
    const { source, staking } = this.contracts;
    const call = await source.slash.populateTransaction(staking, operator, id, rewards);
    await this.both(this.chain.stranger, call, (model) => model.slash(operator.address, id, rewards));
  }

  private async penalise(): Promise<void> {
    const [operator, id] = [this.operator, this.anyLock()];
    const amount = BigInt(this.dice.roll(200));
    const { source, staking } = this.contracts;
    const call = await source.penalise.populateTransaction(staking, operator, id, amount);
    await this.both(this.chain.stranger, call, (model) => model.penalise(operator.address, id, amount));
  }

  private async setDrawStake(): Promise<void> {
    const operator = this.operator;
    const { free } = this.model.seen(operator.address, []);
    const amount = this.part(free);
    const call = await this.contracts.staking.setDrawStake.populateTransaction(amount);
    await this.both(operator, call, (model) => model.setDrawStake(operator.address, amount));
  }

  private async strike(): Promise<void> {
    const operator = this.operator;
    const call = await this.contracts.source.strike.populateTransaction(this.contracts.staking, operator);
    await this.both(this.chain.stranger, call, (model) => model.strike(operator.address));
  }

  private async release(): Promise<void> {
    const operator = this.operator;
    const call = await this.contracts.staking.release.populateTransaction();
    await this.both(operator, call, (model) => model.release(operator.address));
  }

  private async pause(): Promise<void> {
    await this.both(this.chain.deployer, await this.contracts.hub.pause.populateTransaction(), (model) =>
      model.clock.pause(),
    );
  }

  private async unpause(): Promise<void> {
    await this.both(this.chain.deployer, await this.contracts.hub.unpause.populateTransaction(), (model) =>
      model.clock.unpause(),
    );
  }

  private async wait(): Promise<void> {
    this.now += BigInt(this.dice.roll(this.dice.chance(20) ? PARAMS.unbonding : 30 * HOUR));
    await this.burn();
  }

  /** From nothing to one more than there is. */
  private part(whole: bigint): bigint {
    if (!this.dice.chance(30)) return (whole * BigInt(this.dice.roll(1000))) / 1000n;
    const near = whole + BigInt(this.dice.roll(3)) - 1n;
    return near < 0n ? 0n : near;
  }

  private anyLock(): string {
    return lockId(`lock ${this.dice.roll(LOCKS)}`);
  }

  /** Sums, and the views of one operator and one holder; of all of them at the end. */
  private async compare(): Promise<void> {
    const { staking, token, hub } = this.contracts;
    const { model, dice, people } = this;
    const [time, pending, owed, balance] = await Promise.all([
      hub.time(),
      staking.pendingBurn(),
      staking.totalOwed(),
      token.balanceOf(staking),
    ]);
    const { pendingBurn, owed: modelOwed } = model.state;
    expect({ time, pending, owed, balance }, `${this.name}: contract, then model`).to.deep.equal({
      ...{ time: model.clock.time, pending: pendingBurn, owed: modelOwed, balance: modelOwed },
    });
    await this.compareOperator(dice.of(people.slice(0, OPERATORS)), [dice.of(people)]);
  }

  async finish(): Promise<void> {
    for (const operator of this.people.slice(0, OPERATORS)) await this.compareOperator(operator, this.people);
  }

  private async compareOperator({ address }: Signer, holders: readonly Signer[]): Promise<void> {
    const names = holders.map((holder) => holder.address);
    const seen = this.model.seen(address, names);
    expect(await this.view(address, holders), `${this.name}: contract, then model`).to.deep.equal(seen);
  }

  private async view(operator: string, of: readonly Signer[]): Promise<ReturnType<ModelStaking["seen"]>> {
    const { staking, hub } = this.contracts;
    const pool = (p: Awaited<ReturnType<OperatorStaking["ownPool"]>>) => ({
      ...{ active: p.active, exiting: p.exiting, locked: p.locked, shares: p.shares, generation: p.generation },
    });
    const holders = await Promise.all(of.map((holder) => this.viewOf(operator, holder)));
    const [own, delegated, free, freeToDraw, drawn, jailed] = await Promise.all([
      staking.ownPool(operator),
      staking.delegatedPool(operator),
      staking.freeStake(operator),
      staking.freeDrawStake(operator),
      hub.epoch().then((epoch) => staking.drawStakeOf(operator, epoch)),
      staking.isJailed(operator),
    ]);
    return { own: pool(own), delegated: pool(delegated), free, freeToDraw, drawn, jailed, holders };
  }

  private async viewOf(operator: string, holder: Signer) {
    const { staking, token } = this.contracts;
    const { amount, shares, exitCount } = await staking.position(operator, holder);
    const exits = [];
    for (let i = 0n; i < exitCount; i++) {
      const exit = await staking.exit(operator, holder, i);
      exits.push({ amount: exit.amount, readyAt: exit.readyAt, unlocked: exit.unlocked });
    }
    const reward = await staking.rewardOf(holder);
    return { amount, shares, exits, reward, flow: (await token.balanceOf(holder)) - FUNDS };
  }
}

const FUNDS = 10n ** 6n * TOKEN;

async function deploy(chain: Connection, people: readonly Signer[]) {
  const { ethers, deployer } = chain;
  const { minDelegation, strikesToJail, jailTime, releaseFee } = PARAMETERS;
  const hub = await deployHub(chain, {
    parameters: { staking: { minDelegation, strikesToJail, jailTime, releaseFee } },
  });
  const token = await ethers.deployContract("TestToken", [deployer, 10n ** 9n * TOKEN, 0n, 0]);
  const manager = await ethers.deployContract("ToyManager", [hub, PARAMS.inclusionDelay, 0]);
  const staking = await ethers.deployContract("OperatorStaking", [token, hub, true]);
  const source: ToySource = await ethers.deployContract("ToySource", [manager]);
  await hub.seal(manager, [source], []);
  for (const person of people) {
    await token.transfer(person, FUNDS);
    await token.connect(person).approve(staking, FUNDS);
  }
  return { hub, token, staking, source };
}
