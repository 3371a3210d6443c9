import { type ModelClock, need } from "./clock.js";
import { type ModelReward, type ModelStaking } from "./staking.js";

const SUPPLY_GAS = 95_000n;
const SUPPLY_GAS_PER_BYTE = 44n;
const LARGEST = 256n * 32n;
const MAX_SHARERS = 8;
const SHARING_WINDOW = 3600n;
/** Seconds, and the inclusion delay. */
const COMMIT_LIFE = 3600n;

export interface ModelTerms {
  readonly inclusionDelay: bigint;
  readonly challengeWindow: bigint;
  readonly refutationWindow: bigint;
  readonly supplyWindow: bigint;
  readonly graceWindow: bigint;
  readonly airGap: bigint;
  readonly bondFloor: bigint;
  readonly baseFeeFloor: bigint;
  readonly priceMultiple: bigint;
  readonly auditShare: bigint;
  readonly missPenalty: bigint;
  /** `L` */
  readonly depth: bigint;
}

export type ClaimEnd = "assigned" | "answered" | "final" | "wrong" | "void" | "refunded";
export type ChallengeEnd = "open" | "upheld" | "refuted" | "unanswered" | "settled" | "refunded";

interface ModelClaim {
  readonly operator: string;
  readonly consumer: string;
  readonly publisher: string;
  readonly fee: bigint;
  readonly royalty: bigint;
  readonly lock: bigint;
  status: ClaimEnd;
  /** For the answer; then for challenges. */
  due: bigint;
  readonly wrongs: string[];
  readonly sharers: string[];
  counted: number;
  firstOpenedAt: bigint;
  sharersFixed: boolean;
}

interface ModelDemand {
  readonly by: string;
  readonly price: bigint;
  readonly deadline: bigint;
  grace: bigint | undefined;
  followed: boolean;
  refunded: boolean;
}

interface ModelChallenge {
  readonly claim: string;
  readonly by: string;
  readonly verdict: "wrong" | "void";
  readonly bond: bigint;
  readonly openedAt: bigint;
  readonly refutationDeadline: bigint;
  status: ChallengeEnd;
  lastDeadline: bigint;
  executableAt: bigint;
  paid: bigint;
  held: bigint;
  accusedSlot: string | undefined;
  readonly demands: Map<string, ModelDemand>;
}

/** `JobEscrow` and `ChallengeManager` by their rules: times, bonds, demands and who is paid. What is true is told by the caller. */
export class ModelDisputes {
  state = {
    claims: new Map<string, ModelClaim>(),
    challenges: new Map<string, ModelChallenge>(),
    /** Owed by the challenge manager, and by the escrow. */
    bonds: new Map<string, bigint>(),
    fees: new Map<string, bigint>(),
    burnt: 0n,
    auditPool: 0n,
    /** Handed on to delegators. */
    shared: 0n,
  };

  constructor(
    readonly clock: ModelClock,
    readonly staking: ModelStaking,
    readonly terms: ModelTerms,
    /** Keys that speak for an operator. */
    private readonly speaksFor: (who: string, operator: string) => boolean,
  ) {}

  // ----------------------------------------------------------------- jobs

  request(
    id: string,
    job: Pick<ModelClaim, "operator" | "consumer" | "publisher" | "fee" | "royalty" | "lock">,
    duration: bigint,
  ): void {
    this.staking.lock(job.operator, id, job.lock, false);
    const due = this.clock.time + duration;
    this.state.claims.set(id, {
      ...{ ...job, status: "assigned", due, wrongs: [], sharers: [] },
      ...{ counted: 0, firstOpenedAt: 0n, sharersFixed: false },
    });
  }

  submit(id: string): void {
    const claim = this.claim(id);
    need(claim.status === "assigned", "WrongStatus");
    need(this.clock.time <= claim.due, "DeadlinePassed");
    claim.status = "answered";
    claim.due = this.clock.time + this.terms.challengeWindow;
  }

  expireJob(id: string): void {
    const claim = this.claim(id);
    need(claim.status === "assigned", "WrongStatus");
    need(this.clock.time > claim.due, "DeadlineNotPassed");
    claim.status = "refunded";
    credit(this.state.fees, claim.consumer, claim.fee);
    this.staking.penalise(claim.operator, id, (claim.lock * this.terms.missPenalty) / 10_000n);
    this.staking.strike(claim.operator);
  }

  finalise(id: string): void {
    const claim = this.claim(id);
    need(claim.status === "answered", "WrongStatus");
    this.clock.needRunning();
    need(this.clock.time > claim.due, "WindowOpen");
    need(this.standing(id) === 0, "Challenged");
    claim.status = "final";
    const royalty = (claim.fee * claim.royalty) / 10_000n;
    const rest = claim.fee - royalty - this.payAuditPool(claim);
    const { own, delegated } = this.staking.activeStake(claim.operator);
    const shared = delegated === 0n ? 0n : (rest * delegated) / (own + delegated);
    this.state.shared += shared;
    credit(this.state.fees, claim.operator, rest - shared);
    credit(this.state.fees, claim.publisher, royalty);
    this.staking.unlock(claim.operator, id);
  }

  // ----------------------------------------------------------- challenges

  open(
    id: string,
    challenge: Pick<ModelChallenge, "claim" | "by" | "verdict" | "bond">,
    { baseFee, committedAt }: { readonly baseFee: bigint; readonly committedAt: bigint },
  ): void {
    this.clock.needRunning();
    need(this.clock.time <= committedAt + COMMIT_LIFE + this.terms.inclusionDelay, "CommitExpired");
    const claim = this.claim(challenge.claim);
    need(claim.status === "answered", "ClaimNotChallengeable");
    need(challenge.bond >= this.bondAt(baseFee), "BondTooSmall");
    const now = this.clock.time;
    need(now <= claim.due, "ChallengeWindowClosed");
    const refutationDeadline = now + this.terms.refutationWindow;
    if (challenge.verdict === "wrong") claim.wrongs.push(id);
    this.state.challenges.set(id, {
      ...{ ...challenge, openedAt: now, refutationDeadline, status: "open", lastDeadline: refutationDeadline },
      ...{ executableAt: 0n, paid: 0n, held: 0n, accusedSlot: undefined, demands: new Map() },
    });
  }

  /** @param around the supplied demand that this one lies in, if it is a deeper one. */
  demand(id: string, place: string, by: string, payload: bigint, baseFee: bigint, around?: string): void {
    const challenge = this.needStatus(id, "open");
    const outer = around === undefined ? undefined : challenge.demands.get(around);
    if (around !== undefined) need(outer?.grace !== undefined, "NotSupplied");
    this.clock.needRunning();
    const now = this.clock.time;
    if (outer === undefined) need(now <= challenge.refutationDeadline, "FirstDemandsClosed");
    else need(now <= outer.grace!, "GraceOver");
    const price = this.priceAt(payload, baseFee);
    let surcharge = price * 2n ** BigInt(Math.floor(outstanding(challenge) / 8)) - price;
    if (surcharge !== 0n) {
      if (outer?.by === by && !outer.followed) {
        outer.followed = true;
        surcharge = 0n;
      } else if (this.takeSlot(challenge, place, by)) {
        surcharge = 0n;
      }
    }
    need(!challenge.demands.has(place), "AlreadyDemanded");
    const deadline = now + this.terms.supplyWindow;
    challenge.demands.set(place, {
      ...{ by, price, deadline },
      ...{ grace: undefined, followed: false, refunded: false },
    });
    if (deadline > challenge.lastDeadline) challenge.lastDeadline = deadline;
    this.state.burnt += surcharge;
  }

  supply(id: string, place: string): void {
    const challenge = this.needStatus(id, "open");
    const demand = demandAt(challenge, place);
    need(demand.grace === undefined, "AlreadySupplied");
    need(this.clock.time <= demand.deadline, "SupplyClosed");
    demand.grace = this.clock.time + this.terms.graceWindow;
    if (demand.grace > challenge.lastDeadline) challenge.lastDeadline = demand.grace;
    if (challenge.paid + demand.price <= challenge.bond / 2n) {
      challenge.paid += demand.price;
      credit(this.state.bonds, challenge.by, demand.price);
    } else {
      challenge.held += demand.price;
    }
  }

  /** @param path places around the refuted element, some of them demanded. */
  refute(id: string, by: string, isWrong: boolean, path: readonly string[]): void {
    const challenge = this.needStatus(id, "open");
    need(this.clock.time <= challenge.lastDeadline, "RefutationClosed");
    need(isWrong, "NodeConsistent");
    this.forfeit(challenge, by, path);
    challenge.status = "refuted";
  }

  expire(id: string, place: string, path: readonly string[]): void {
    const challenge = this.needStatus(id, "open");
    const demand = demandAt(challenge, place);
    need(demand.grace === undefined, "AlreadySupplied");
    need(this.clock.time > demand.deadline, "SupplyOpen");
    this.forfeit(challenge, demand.by, path);
    challenge.status = "unanswered";
  }

  refund(id: string, place: string): void {
    const challenge = this.state.challenges.get(id)!;
    const demand = demandAt(challenge, place);
    const lost = ["refuted", "unanswered", "refunded"].includes(challenge.status);
    const unspent = challenge.status === "settled" && demand.grace === undefined;
    need((lost || unspent) && !demand.refunded, "NothingToRefund");
    demand.refunded = true;
    credit(this.state.bonds, demand.by, demand.price);
  }

  resolve(id: string): void {
    const challenge = this.needStatus(id, "open");
    need(this.clock.time > challenge.lastDeadline, "DeadlinesRunning");
    need(outstanding(challenge) === 0, "DemandsUnanswered");
    challenge.status = "upheld";
    challenge.executableAt = this.clock.time + this.terms.airGap;
  }

  execute(id: string): void {
    const challenge = this.needStatus(id, "upheld");
    this.clock.needRunning();
    const now = this.clock.time;
    need(now >= challenge.executableAt, "AirGapRunning");
    const claim = this.claim(challenge.claim);
    if (claim.status !== "answered") {
      this.close(challenge);
    } else if (challenge.verdict === "wrong") {
      this.count(claim);
      need(claim.sharersFixed, "SharerUndecided");
      this.close(challenge);
      this.settleWrong(challenge.claim, claim);
    } else {
      need(now > claim.due, "ChallengeWindowOpen");
      this.count(claim);
      need(claim.firstOpenedAt === 0n && claim.counted === claim.wrongs.length, "WrongsStand");
      this.close(challenge);
      this.settleVoid(challenge.claim, claim);
    }
  }

  settle(id: string): void {
    const challenge = this.state.challenges.get(id)!;
    need(isLive(challenge), "WrongChallengeStatus");
    need(this.claim(challenge.claim).status !== "answered", "ClaimNotSettled");
    this.close(challenge);
  }

  emergencyVoid(id: string): void {
    need(this.clock.paused, "NotPaused");
    const challenge = this.state.challenges.get(id)!;
    if (!isLive(challenge)) return;
    const claim = this.claim(challenge.claim);
    if (claim.status === "answered") this.settleVoid(challenge.claim, claim);
    credit(this.state.bonds, challenge.by, challenge.bond - challenge.paid);
    challenge.status = "refunded";
  }

  /** What was sent beyond a price. */
  give(to: string, amount: bigint): void {
    credit(this.state.bonds, to, amount);
  }

  withdraw(from: "bonds" | "fees", who: string): bigint {
    this.clock.needRunning();
    const amount = this.state[from].get(who) ?? 0n;
    need(amount !== 0n, "NothingToWithdraw");
    this.state[from].set(who, 0n);
    return amount;
  }

  // ---------------------------------------------------------------- views

  priceAt(payload: bigint, baseFee: bigint): bigint {
    const { baseFeeFloor, priceMultiple } = this.terms;
    const fee = baseFee > baseFeeFloor ? baseFee : baseFeeFloor;
    return (SUPPLY_GAS + SUPPLY_GAS_PER_BYTE * payload) * fee * priceMultiple;
  }

  bondAt(baseFee: bigint): bigint {
    const chain = 2n * this.terms.depth * this.priceAt(LARGEST, baseFee);
    return chain > this.terms.bondFloor ? chain : this.terms.bondFloor;
  }

  /** Challenges that keep a claim from its end. */
  standing(claim: string): number {
    return [...this.state.challenges.values()].filter((each) => each.claim === claim && isLive(each)).length;
  }

  /** Everything that the manager holds for somebody. */
  owed(): bigint {
    let sum = [...this.state.bonds.values()].reduce((total, each) => total + each, 0n);
    for (const challenge of this.state.challenges.values()) {
      const lost = ["refuted", "unanswered", "refunded"].includes(challenge.status);
      if (isLive(challenge)) sum += challenge.bond + challenge.held;
      for (const { price, grace, refunded } of challenge.demands.values())
        if (!refunded && (lost || grace === undefined)) sum += price;
    }
    return sum;
  }

  // ------------------------------------------------------------- internal

  private claim(id: string): ModelClaim {
    return this.state.claims.get(id)!;
  }

  private needStatus(id: string, status: ChallengeEnd): ModelChallenge {
    const challenge = this.state.challenges.get(id);
    need(challenge?.status === status, "WrongChallengeStatus");
    return challenge;
  }

  private takeSlot(challenge: ModelChallenge, place: string, by: string): boolean {
    const { accusedSlot, demands } = challenge;
    if (accusedSlot !== undefined && demands.get(accusedSlot)!.grace === undefined) return false;
    if (!this.speaksFor(by, this.claim(challenge.claim).operator)) return false;
    challenge.accusedSlot = place;
    return true;
  }

  private forfeit(challenge: ModelChallenge, winner: string, path: readonly string[]): void {
    const onPath = path
      .flatMap((place) => challenge.demands.get(place) ?? [])
      .filter(({ grace }) => grace !== undefined);
    const sharers = [winner, ...onPath.map(({ by }) => by)];
    const rest = challenge.bond - challenge.paid;
    const share = rest / 2n / BigInt(sharers.length);
    for (const sharer of sharers) credit(this.state.bonds, sharer, share);
    this.state.burnt += rest - share * BigInt(sharers.length);
  }

  private close(challenge: ModelChallenge): void {
    credit(this.state.bonds, challenge.by, challenge.bond + challenge.held);
    challenge.status = "settled";
  }

  /** Every answered job leaves its audit share. */
  private payAuditPool({ fee }: ModelClaim): bigint {
    const share = (fee * this.terms.auditShare) / 10_000n;
    this.state.auditPool += share;
    return share;
  }

  private settleWrong(id: string, claim: ModelClaim): void {
    claim.status = "wrong";
    credit(this.state.fees, claim.consumer, claim.fee - this.payAuditPool(claim));
    const half = this.staking.lockOf(claim.operator, id).own / 2n;
    const toConsumer = (half * 30n) / 100n;
    const each = claim.sharers.length === 0 ? 0n : (half - toConsumer) / BigInt(claim.sharers.length);
    const rewards: ModelReward[] = [
      { to: claim.consumer, amount: toConsumer },
      ...claim.sharers.map((to) => ({ to, amount: each })),
    ];
    this.staking.slash(claim.operator, id, rewards);
  }

  private settleVoid(id: string, claim: ModelClaim): void {
    claim.status = "void";
    credit(this.state.fees, claim.consumer, claim.fee - this.payAuditPool(claim));
    this.staking.unlock(claim.operator, id);
  }

  /** Passes lost challenges, collects upheld ones, stops at the first that is undecided. */
  private count(claim: ModelClaim): void {
    const now = this.clock.time;
    while (!claim.sharersFixed && claim.counted < claim.wrongs.length) {
      const challenge = this.state.challenges.get(claim.wrongs[claim.counted]!)!;
      if (claim.firstOpenedAt !== 0n && challenge.openedAt > claim.firstOpenedAt + SHARING_WINDOW) {
        claim.sharersFixed = true;
        return;
      }
      if (challenge.status === "open" || (challenge.status === "upheld" && now < challenge.executableAt)) return;
      claim.counted++;
      if (challenge.status !== "upheld") continue;
      if (claim.firstOpenedAt === 0n) claim.firstOpenedAt = challenge.openedAt;
      claim.sharers.push(challenge.by);
      claim.sharersFixed = claim.sharers.length === MAX_SHARERS;
    }
    if (claim.firstOpenedAt !== 0n) claim.sharersFixed = true;
  }
}

const isLive = ({ status }: ModelChallenge): boolean => status === "open" || status === "upheld";

const outstanding = ({ demands }: ModelChallenge): number =>
  [...demands.values()].filter(({ grace }) => grace === undefined).length;

function demandAt({ demands }: ModelChallenge, place: string): ModelDemand {
  const demand = demands.get(place);
  need(demand !== undefined, "NotDemanded");
  return demand;
}

function credit(book: Map<string, bigint>, who: string, amount: bigint): void {
  book.set(who, (book.get(who) ?? 0n) + amount);
}
