import { DAY, PARAMETERS, TOKEN } from "../hub.js";
import { dice } from "../graphs.js";
import type { Attack, Point } from "./search.js";
import { OPERATOR, ratio, STRANGER, tokens, World } from "./world.js";

const MILLION = 1_000_000n;
const PERCENT = 10_000n;
/** Gas of a job's life (`snapshots/gas/jobs.json`), at the floor of the base fee. */
const JOB_COST = 300_000n * 10n ** 9n;

/** `OperatorProfiles.feeSplit`: the commission, then both pools in proportion. */
function delegatorsPart(fee: bigint, commission: bigint, own: bigint, delegated: bigint): bigint {
  const shared = fee - (fee * commission) / PERCENT;
  return own + delegated === 0n ? 0n : (shared * delegated) / (own + delegated);
}

export const SPAM: Attack = {
  ...{ numbers: [78], name: "jobs in numbers lock an operator's stake", unit: "fees" },
  ranges: {
    ...{ jobs: { from: 1, to: 40 }, fee: { from: 10_000, to: 1_000_000_000, log: true } },
    // The attacker may be the publisher, and a delegator of its victim.
    ...{ royalty: { from: 0, to: 3_000 }, commission: { from: 0, to: 10_000 } },
    ...{ own: { from: 50, to: 1_000_000, log: true }, delegated: { from: 0, to: 4_000_000 } },
  },
  profit: (point) => {
    const world = new World();
    const attacker = "attacker";
    const fee = BigInt(point["fee"]!) * 10n ** 9n;
    const [own, delegated] = [tokens(point["own"]!), tokens(point["delegated"]!)];
    world.try(() => world.staking.deposit(OPERATOR, OPERATOR, own));
    world.try(() => world.staking.deposit(OPERATOR, attacker, delegated));
    let answered = 0;
    for (; answered < point["jobs"]!; answered++) {
      const job = {
        fee,
        lock: tokens(10),
        consumer: attacker,
        publisher: attacker,
        royalty: BigInt(point["royalty"]!),
      };
      if (!world.answer(`${answered}`, job)) break;
    }
    if (answered === 0) return undefined;
    world.wait(PARAMETERS.jobs.challengeWindow + 1);
    for (let i = 0; i < answered; i++) world.try(() => world.disputes.finalise(`${i}`));
    const paid = fee * BigInt(answered);
    const earned = world.coinsOf(OPERATOR) + world.disputes.state.shared;
    const back = world.coinsOf(attacker) + delegatorsPart(earned, BigInt(point["commission"]!), own, delegated);
    return ratio(back - paid - JOB_COST * BigInt(answered), paid);
  },
};

export const FEE_WASHING: Attack = {
  ...{ numbers: [105], name: "fee washing drains the audit pool", unit: "audit share of the fees" },
  ranges: {
    ...{ fee: { from: 1, to: 1_000_000_000, log: true }, probability: { from: 1, to: 1_000_000, log: true } },
    ...{ auditors: { from: 1, to: 16 }, colluding: { from: 1, to: 16 }, share: { from: 1, to: 2_000 } },
    undo: { from: 0, to: 1 },
  },
  // Operator, consumer, publisher and some or all auditors are one: all of the fee comes back but what stays in the audit pool.
  // Blank jobs may be undone: lots are known before finality.
  profit: (point) => {
    const { auditors, colluding } = point as { auditors: number; colluding: number };
    if (colluding > auditors) return undefined;
    const [fee, basisPoints] = [BigInt(point["fee"]!) * 10n ** 9n, BigInt(point["share"]!)];
    const share = (fee * basisPoints) / PERCENT;
    const probability = BigInt(point["probability"]!);
    // `AuditDraws._payOf`
    const pay = (share * MILLION) / (probability * BigInt(auditors));
    const leftByFinal = leftInPool(fee, basisPoints, false);
    const leftByBlank = point["undo"] === 1 ? leftInPool(fee, basisPoints, true) : leftByFinal;
    const drawn = BigInt(colluding) * pay - leftByFinal;
    const expected = (probability * drawn - (MILLION - probability) * leftByBlank) / MILLION;
    return share === 0n ? undefined : ratio(expected - JOB_COST, share);
  },
};

/** What an answered job leaves in the audit pool: final, or made void by its own parties. */
function leftInPool(fee: bigint, auditShare: bigint, undone: boolean): bigint {
  const world = new World({ auditShare });
  const { disputes } = world;
  world.try(() => world.staking.deposit(OPERATOR, OPERATOR, tokens(100)));
  let ended = world.answer("job", { fee, lock: tokens(10) });
  if (undone) {
    const challenge = { claim: "job", by: STRANGER, verdict: "void", bond: disputes.bondAt(0n) } as const;
    ended &&= world.try(() => disputes.open("void", challenge, { baseFee: 0n, committedAt: world.clock.time }));
    world.wait(10n * BigInt(DAY));
    ended &&= world.try(() => disputes.resolve("void"));
    world.wait(BigInt(DAY));
    ended &&= world.try(() => disputes.execute("void"));
  } else {
    world.wait(PARAMETERS.jobs.challengeWindow + 1);
    ended &&= world.try(() => disputes.finalise("job"));
  }
  if (!ended) throw new Error("a job of one party did not end as it wants");
  return disputes.state.auditPool;
}

export interface Lie {
  readonly gain: bigint;
  readonly saving: bigint;
  readonly lock: bigint;
  readonly tokenPrice: bigint;
}

/** Odds at which lying does not pay, as `ClaimLens.neededProbability` computes them; nothing where no odds help. */
export function neededProbability({ gain, saving, lock, tokenPrice }: Lie): bigint | undefined {
  const burn = ((lock - lock / 2n) * tokenPrice) / TOKEN;
  return burn <= gain + saving ? undefined : ((gain + saving) * MILLION) / burn + 1n;
}

export const lieOf = (point: Point): Lie => ({
  gain: BigInt(point["gain"]!) * 10n ** 9n,
  saving: BigInt(point["saving"]!) * 10n ** 9n,
  lock: tokens(point["lock"]!),
  tokenPrice: BigInt(point["tokenPrice"]!) * 10n ** 9n,
});

export const COLLUSION: Attack = {
  ...{ numbers: [80], name: "all auditors but one collude with a liar", unit: "worth of the lock" },
  ranges: {
    ...{ gain: { from: 1, to: 1_000_000_000, log: true }, saving: { from: 1, to: 1_000_000_000, log: true } },
    ...{ lock: { from: 10, to: 100_000, log: true }, tokenPrice: { from: 1_000, to: 1_000_000_000, log: true } },
    ...{ auditors: { from: 1, to: 16 }, colluding: { from: 0, to: 15 } },
  },
  // Undrawn, the lie pays what it pays. Drawn, the honest auditor shows it: of the lock all that does not burn may go to friends,
  // and every colluding "none" loses its stake.
  profit: (point) => {
    const lie = lieOf(point);
    const probability = neededProbability(lie);
    if (probability === undefined || point["colluding"]! >= point["auditors"]!) return undefined;
    const worth = (amount: bigint) => (amount * lie.tokenPrice) / TOKEN;
    const stakes = worth(BigInt(point["colluding"]!) * PARAMETERS.lottery.auditStake);
    const lost = worth(lie.lock - lie.lock / 2n) + stakes;
    const expected = (lie.gain + lie.saving) * MILLION - probability * lost;
    return ratio(expected, worth(lie.lock) * MILLION);
  },
};

/** Draws of one epoch by set-aside stake, up to sixteen picks each; the share of draws that the attackers serve. */
function shareOfDraws(stakes: readonly bigint[], others: bigint, lock: bigint, jobs: number, seed: number): number {
  const { roll } = dice(seed);
  const total = stakes.reduce((sum, stake) => sum + stake, others);
  const free = [...stakes];
  let [left, served] = [others, 0];
  for (let job = 0; job < jobs; job++) {
    for (let pick = 0; pick < 16; pick++) {
      let at = (total * BigInt(roll(2 ** 30))) / 2n ** 30n;
      const index = stakes.findIndex((stake) => (at -= stake) < 0n);
      const room = index < 0 ? left : free[index]!;
      if (room < lock) continue;
      if (index < 0) left -= lock;
      else free[index] = room - lock;
      if (index >= 0) served++;
      break;
    }
  }
  return served / jobs;
}

export const SPLITTING: Attack = {
  ...{ numbers: [73], name: "split an identity for a larger share of draws", unit: "fees of all draws" },
  ranges: {
    ...{ identities: { from: 2, to: 30 }, stake: { from: 20, to: 100_000, log: true } },
    ...{ others: { from: 20, to: 100_000, log: true }, lock: { from: 10, to: 1_000, log: true } },
    ...{
      jobs: { from: 10, to: 200 },
      fee: { from: 1_000_000, to: 1_000_000_000, log: true },
      seed: { from: 1, to: 1_000 },
    },
  },
  // Against the same stake in one hand and the same seeds. Each further identity needs an offer, a worker and a deposit of its own.
  profit: (point) => {
    const { identities, jobs, seed } = point as { identities: number; jobs: number; seed: number };
    const [stake, others, lock] = [tokens(point["stake"]!), tokens(point["others"]!), tokens(point["lock"]!)];
    if (stake < lock) return undefined;
    const parts = Array.from({ length: identities }, () => stake / BigInt(identities));
    const whole = [parts.reduce((sum, part) => sum + part, 0n)];
    const gained = shareOfDraws(parts, others, lock, jobs, seed) - shareOfDraws(whole, others, lock, jobs, seed);
    const setup = Number(JOB_COST) * (identities - 1);
    return gained - setup / (point["fee"]! * 1e9 * jobs);
  },
};
