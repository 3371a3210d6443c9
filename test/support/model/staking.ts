import { type ModelClock, need } from "./clock.js";

const OFFSET = 1_000n;
const WEAR = 1_000_000n;

export const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const over = (a: bigint, b: bigint): bigint => (a > b ? a - b : 0n);
export const ceilDiv = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;

interface ModelPool {
  active: bigint;
  exiting: bigint;
  locked: bigint;
  shares: bigint;
  /** Shares that start to leave when the epoch ends. */
  leaving: bigint;
  generation: number;
  readonly held: Map<string, bigint>;
}

interface ModelExit {
  readonly shares: bigint;
  readonly readyAt: bigint;
  readonly era: number;
  readonly generation: number;
}

interface ModelLock {
  readonly operator: string;
  readonly amount: bigint;
  readonly own: bigint;
  readonly era: number;
  readonly drawn: boolean;
}

interface Retired {
  tokens: bigint;
  shares: bigint;
  readonly held: Map<string, bigint>;
}

interface ModelOperator {
  own: ModelPool;
  delegated: ModelPool;
  readonly retired: { own: Retired[]; delegated: Retired[] };
  /** Epoch with which what waits applies; -1 if nothing waits. */
  turnsAt: bigint;
  era: number;
  drawStake: bigint;
  nextDrawStake: bigint;
  drawReserve: bigint;
  drawLocked: bigint;
  readonly exits: Map<string, (ModelExit | undefined)[]>;
  strikes: { epoch: bigint; count: number };
  jailedUntil: bigint | undefined;
}

const emptyPool = (generation = 0): ModelPool => ({
  ...{ active: 0n, exiting: 0n, locked: 0n, shares: 0n, leaving: 0n, generation },
  held: new Map(),
});

const tokensOf = ({ active, exiting }: ModelPool): bigint => active + exiting;
const worthOf = (part: bigint, tokens: bigint, shares: bigint): bigint => (part * (tokens + 1n)) / (shares + OFFSET);
const worth = (part: bigint, pool: ModelPool): bigint => worthOf(part, tokensOf(pool), pool.shares);

/** The largest lock that free stake can back. */
const capacity = (own: bigint, delegated: bigint): bigint => min(5n * own, own + delegated);

export function ownPart(amount: bigint, own: bigint, delegated: bigint): bigint {
  if (delegated === 0n) return amount;
  const fifth = ceilDiv(amount, 5n);
  const share = ceilDiv(amount * own, own + delegated);
  return fifth > share ? fifth : share;
}

export interface ModelReward {
  readonly to: string;
  readonly amount: bigint;
}

export interface ModelStakingParams {
  readonly epoch: bigint;
  readonly unbonding: bigint;
  readonly minDelegation: bigint;
  readonly strikesToJail: number;
  readonly jailTime: bigint;
  readonly releaseFee: bigint;
}

/** `contracts/staking` by its rules, without its storage: what it costs to be wrong, token by token. */
export class ModelStaking {
  state = {
    operators: new Map<string, ModelOperator>(),
    locks: new Map<string, ModelLock>(),
    rewards: new Map<string, bigint>(),
    pendingBurn: 0n,
    /** Tokens that came in and were not paid out or burnt. */
    owed: 0n,
    /** What everybody took, less what it brought. */
    flows: new Map<string, bigint>(),
  };

  constructor(
    readonly clock: ModelClock,
    private readonly params: ModelStakingParams,
  ) {}

  private get epoch(): bigint {
    return this.clock.time / this.params.epoch;
  }

  // -------------------------------------------------------------- holders

  deposit(operator: string, by: string, amount: bigint): void {
    need(amount !== 0n, "ZeroAmount");
    need(by === operator || amount >= this.params.minDelegation, "DelegationTooSmall");
    const o = this.turned(operator);
    const pool = this.freshPool(o, by === operator);
    const minted = (amount * (pool.shares + OFFSET)) / (tokensOf(pool) + 1n);
    pool.active += amount;
    pool.shares += minted;
    pool.held.set(by, (pool.held.get(by) ?? 0n) + minted);
    this.bring(by, amount);
  }

  requestExit(operator: string, by: string, amount: bigint): void {
    const o = this.turned(operator);
    const pool = poolOf(o, operator, by);
    const held = pool.held.get(by) ?? 0n;
    const available = worth(held, pool);
    need(amount !== 0n, "ZeroAmount");
    need(amount <= available, "InsufficientStake");
    const shares = amount === available ? held : ceilDiv(amount * (pool.shares + OFFSET), tokensOf(pool) + 1n);
    this.queue(o, pool, by, shares);
  }

  requestFullExit(operator: string, by: string): void {
    const o = this.turned(operator);
    const pool = poolOf(o, operator, by);
    const held = pool.held.get(by) ?? 0n;
    need(held !== 0n, "ZeroAmount");
    this.queue(o, pool, by, held);
  }

  cancelExit(operator: string, by: string, exitId: number): void {
    const o = this.turned(operator);
    const queued = this.takeExit(o, by, exitId);
    const pool = poolOf(o, operator, by);
    need(queued.generation === pool.generation, "ExitRetired");
    if (queued.era === o.era) {
      pool.leaving -= queued.shares;
    } else {
      const moved = min(worth(queued.shares, pool), pool.exiting);
      pool.exiting -= moved;
      pool.active += moved;
    }
    pool.held.set(by, (pool.held.get(by) ?? 0n) + queued.shares);
  }

  withdrawExit(operator: string, by: string, exitId: number): void {
    this.clock.needRunning();
    const o = this.turned(operator);
    const queued = this.takeExit(o, by, exitId);
    need(this.clock.time >= queued.readyAt, "ExitNotReady");
    const pool = poolOf(o, operator, by);
    if (queued.generation !== pool.generation) {
      const retired = o.retired[sideOf(operator, by)][queued.generation]!;
      this.take(by, takeRetired(retired, queued.shares));
      return;
    }
    need(!this.backs(operator, queued.era), "ExitBacksLocks");
    const amount = min(min(worth(queued.shares, pool), pool.exiting), tokensOf(pool) - pool.locked);
    pool.exiting -= amount;
    pool.shares -= queued.shares;
    this.take(by, amount);
  }

  redeemRetired(operator: string, by: string, generation: number): void {
    this.clock.needRunning();
    const o = this.operator(operator);
    const retired = o.retired[sideOf(operator, by)][generation];
    need(retired !== undefined, "NotRetired");
    const shares = retired.held.get(by) ?? 0n;
    need(shares !== 0n, "ZeroAmount");
    retired.held.set(by, 0n);
    this.take(by, takeRetired(retired, shares));
  }

  withdrawReward(by: string): void {
    this.clock.needRunning();
    const amount = this.state.rewards.get(by) ?? 0n;
    need(amount !== 0n, "NothingToWithdraw");
    this.state.rewards.set(by, 0n);
    this.take(by, amount);
  }

  burnSlashed(): void {
    this.state.owed -= this.state.pendingBurn;
    this.state.pendingBurn = 0n;
  }

  // ---------------------------------------------------------------- locks

  lock(operator: string, lockId: string, amount: bigint, drawn: boolean): void {
    const o = this.turned(operator);
    const [own, delegated] = [free(o.own), free(o.delegated)];
    const room = drawn
      ? min(capacity(own, delegated), over(o.drawStake, o.drawLocked))
      : over(capacity(own, delegated), over(o.drawReserve, o.drawLocked));
    need(amount <= room, "InsufficientStake");
    need(amount !== 0n, "ZeroAmount");
    need(o.jailedUntil === undefined, "Jailed");
    const key = `${operator} ${lockId}`;
    need(!this.state.locks.has(key), "LockExists");
    const lock = { operator, amount, own: ownPart(amount, own, delegated), era: o.era, drawn };
    this.state.locks.set(key, lock);
    o.own.locked += lock.own;
    o.delegated.locked += amount - lock.own;
    if (drawn) o.drawLocked += amount;
  }

  lockOf(operator: string, lockId: string): ModelLock {
    const lock = this.state.locks.get(`${operator} ${lockId}`);
    need(lock !== undefined, "UnknownLock");
    return lock;
  }

  unlock(operator: string, lockId: string): ModelLock {
    const lock = this.lockOf(operator, lockId);
    this.state.locks.delete(`${operator} ${lockId}`);
    const o = this.operator(operator);
    o.own.locked -= lock.own;
    o.delegated.locked -= lock.amount - lock.own;
    if (lock.drawn) o.drawLocked -= lock.amount;
    return lock;
  }

  slash(operator: string, lockId: string, rewards: readonly ModelReward[]): void {
    const { amount, own } = this.unlock(operator, lockId);
    const o = this.operator(operator);
    slashPool(o.own, own);
    slashPool(o.delegated, amount - own);
    let budget = own / 2n;
    let burnt = amount;
    for (const reward of rewards) {
      const paid = min(reward.amount, budget);
      budget -= paid;
      burnt -= paid;
      this.state.rewards.set(reward.to, (this.state.rewards.get(reward.to) ?? 0n) + paid);
    }
    this.state.pendingBurn += burnt;
  }

  penalise(operator: string, lockId: string, amount: bigint): void {
    const lock = this.unlock(operator, lockId);
    need(amount <= lock.amount, "InsufficientStake");
    const fromOwn = ceilDiv(amount * lock.own, lock.amount);
    const o = this.operator(operator);
    slashPool(o.own, fromOwn);
    slashPool(o.delegated, amount - fromOwn);
    this.state.pendingBurn += amount;
  }

  setDrawStake(operator: string, amount: bigint): void {
    const o = this.turned(operator);
    need(amount <= capacity(free(o.own), free(o.delegated)) + o.drawLocked, "InsufficientStake");
    o.nextDrawStake = amount;
    o.drawReserve = o.drawStake > amount ? o.drawStake : amount;
    o.turnsAt = this.epoch + 1n;
  }

  // -------------------------------------------------------------- conduct

  strike(operator: string): void {
    const o = this.operator(operator);
    if (o.strikes.epoch !== this.epoch) o.strikes = { epoch: this.epoch, count: 0 };
    o.strikes.count++;
    if (o.strikes.count >= this.params.strikesToJail) o.jailedUntil ??= this.clock.time + this.params.jailTime;
  }

  release(operator: string): void {
    const o = this.operator(operator);
    need(o.jailedUntil !== undefined, "NotJailed");
    need(this.clock.time >= o.jailedUntil, "StillInJail");
    o.jailedUntil = undefined;
    o.strikes.count = 0;
    this.state.pendingBurn += this.params.releaseFee;
    this.bring(operator, this.params.releaseFee);
  }

  // ---------------------------------------------------------------- views

  /** Everything that the contract's views say of an operator and holders, at this time. */
  seen(operator: string, holders: readonly string[]) {
    const o = this.asTurned(operator);
    const pool = ({ active, exiting, locked, shares, generation }: ModelPool) => ({
      ...{ active, exiting, locked, shares, generation: BigInt(generation) },
    });
    const room = capacity(free(o.own), free(o.delegated));
    const jailed = o.jailedUntil !== undefined;
    return {
      own: pool(o.own),
      delegated: pool(o.delegated),
      free: jailed ? 0n : over(room, over(o.drawReserve, o.drawLocked)),
      freeToDraw: jailed ? 0n : min(room, over(o.drawStake, o.drawLocked)),
      drawn: jailed ? 0n : min(o.drawStake, capacity(o.own.active, o.delegated.active)),
      jailed,
      holders: holders.map((holder) => this.seenOf(o, operator, holder)),
    };
  }

  private seenOf(o: ModelOperator, operator: string, holder: string) {
    const held = poolOf(o, operator, holder);
    const retired = o.retired[sideOf(operator, holder)];
    const exits = (o.exits.get(holder) ?? []).map((queued) => {
      if (queued === undefined) return { amount: 0n, readyAt: 0n, unlocked: false };
      const old = queued.generation === held.generation ? undefined : retired[queued.generation]!;
      const amount = old ? worthOf(queued.shares, old.tokens, old.shares) : worth(queued.shares, held);
      const unlocked = old !== undefined || (queued.era < o.era && !this.backs(operator, queued.era));
      return { amount, readyAt: queued.readyAt, unlocked };
    });
    const shares = held.held.get(holder) ?? 0n;
    const reward = this.state.rewards.get(holder) ?? 0n;
    return { amount: worth(shares, held), shares, exits, reward, flow: this.state.flows.get(holder) ?? 0n };
  }

  /** As the contract keeps it: what is due has not been done before somebody touches the operator. */
  activeStake(operator: string): { own: bigint; delegated: bigint } {
    const { own, delegated } = this.operator(operator);
    return { own: own.active, delegated: delegated.active };
  }

  /** All that a holder has with an operator, in tokens: standing and queued. */
  holding(operator: string, holder: string): bigint {
    const { amount, exits } = this.seenOf(this.asTurned(operator), operator, holder);
    return exits.reduce((sum, exit) => sum + exit.amount, amount);
  }

  // ------------------------------------------------------------- internal

  private operator(name: string): ModelOperator {
    const known = this.state.operators.get(name);
    if (known !== undefined) return known;
    const fresh: ModelOperator = {
      ...{ own: emptyPool(), delegated: emptyPool(), retired: { own: [], delegated: [] } },
      ...{ turnsAt: -1n, era: 0, drawStake: 0n, nextDrawStake: 0n, drawReserve: 0n, drawLocked: 0n },
      ...{ exits: new Map(), strikes: { epoch: 0n, count: 0 }, jailedUntil: undefined },
    };
    this.state.operators.set(name, fresh);
    return fresh;
  }

  /** For views: what is due shows, and is not done before somebody touches the operator. */
  private asTurned(name: string): ModelOperator {
    return this.turn(structuredClone(this.operator(name)));
  }

  private turned(name: string): ModelOperator {
    return this.turn(this.operator(name));
  }

  /** With the end of an epoch stake starts to leave, and other stake is set aside for draws. */
  private turn(o: ModelOperator): ModelOperator {
    if (o.turnsAt < 0n || this.epoch < o.turnsAt) return o;
    o.turnsAt = -1n;
    if (o.own.leaving !== 0n || o.delegated.leaving !== 0n) {
      for (const pool of [o.own, o.delegated]) {
        const moved = min(worth(pool.leaving, pool), pool.active);
        pool.active -= moved;
        pool.exiting += moved;
        pool.leaving = 0n;
      }
      o.era++;
    }
    o.drawStake = o.drawReserve = o.nextDrawStake;
    return o;
  }

  private freshPool(o: ModelOperator, own: boolean): ModelPool {
    const side = own ? "own" : "delegated";
    const pool = o[side];
    const tokens = tokensOf(pool);
    if (pool.shares + OFFSET <= (tokens + 1n) * OFFSET * WEAR) return pool;
    need(pool.locked === 0n, "PoolLocked");
    o.retired[side][pool.generation] = { tokens, shares: pool.shares, held: pool.held };
    return (o[side] = emptyPool(pool.generation + 1));
  }

  private queue(o: ModelOperator, pool: ModelPool, by: string, shares: bigint): void {
    pool.held.set(by, pool.held.get(by)! - shares);
    pool.leaving += shares;
    o.turnsAt = this.epoch + 1n;
    const readyAt = this.clock.time + this.params.unbonding;
    const queued = { shares, readyAt, era: o.era, generation: pool.generation };
    o.exits.set(by, [...(o.exits.get(by) ?? []), queued]);
  }

  private takeExit(o: ModelOperator, by: string, exitId: number): ModelExit {
    const exits = o.exits.get(by) ?? [];
    const queued = exits[exitId];
    need(queued !== undefined && queued.shares !== 0n, "UnknownExit");
    exits[exitId] = undefined;
    return queued;
  }

  /** Whether a lock stands that stake of this era or an earlier one backs. */
  private backs(operator: string, era: number): boolean {
    return [...this.state.locks.values()].some((lock) => lock.operator === operator && lock.era <= era);
  }

  private bring(by: string, amount: bigint): void {
    this.state.owed += amount;
    this.state.flows.set(by, (this.state.flows.get(by) ?? 0n) - amount);
  }

  private take(by: string, amount: bigint): void {
    this.state.owed -= amount;
    this.state.flows.set(by, (this.state.flows.get(by) ?? 0n) + amount);
  }
}

const sideOf = (operator: string, holder: string) => (operator === holder ? "own" : "delegated");
const poolOf = (o: ModelOperator, operator: string, holder: string): ModelPool => o[sideOf(operator, holder)];
const free = ({ active, locked }: ModelPool): bigint => over(active, locked);

function slashPool(pool: ModelPool, amount: bigint): void {
  if (amount === 0n) return;
  const fromExiting = (amount * pool.exiting) / tokensOf(pool);
  pool.exiting -= fromExiting;
  pool.active -= amount - fromExiting;
}

function takeRetired(retired: Retired, shares: bigint): bigint {
  const amount = worthOf(shares, retired.tokens, retired.shares);
  retired.tokens -= amount;
  retired.shares -= shares;
  return amount;
}
