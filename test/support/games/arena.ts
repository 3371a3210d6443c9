import { type ContractTransaction, hexlify, id, type Result, ZeroAddress } from "ethers";

import type { Evidence } from "../../../src/audit/evidence.js";
import type { ElementOpeningStruct } from "../../../typechain-types/challenges/ChallengeManager.js";
import type { JobTermsStruct } from "../../../typechain-types/jobs/JobEscrow.js";
import { deviationOf, type Trace } from "../alphabet.js";
import { STATUS, TERMS, VERDICT } from "../challenges.js";
import { deeperDemand, firstDemand, type Place, supplyFor } from "../demands.js";
import { requestArgs } from "../jobs.js";
import { type Connection, OFFER, PARAMS } from "../protocol.js";
import { deployReal, type RealSuite } from "../real-disputes.js";
import type { Run } from "../runs.js";
import { sendAt } from "../send.js";
import { inputOf, OUTPUT, outputOf, trueTrace } from "./model.js";

export type Side = "honest" | "dishonest" | "consumer";

/** Somebody at the table, with a key of its own. */
export interface Seat {
  readonly name: string;
  readonly address: string;
  side: Side;
}

export interface Demanded {
  readonly place: Place;
  readonly by: Seat;
  readonly at: number;
  /** Last second for the supply. */
  readonly deadline: number;
  /** What was supplied, when, and the last second for demands inside it. */
  supplied?: { readonly what: string[] | string; readonly at: number; readonly grace: number };
  refunded: boolean;
}

export interface Opened {
  readonly id: string;
  readonly by: Seat;
  readonly trace: Trace;
  readonly element: number;
  readonly truthful: boolean;
  /** Its verdict undoes the claim and slashes nobody. */
  readonly isVoid: boolean;
  readonly at: number;
  readonly refutationDeadline: number;
  status: bigint;
  lastDeadline: number;
  executableAt: number;
  outstanding: number;
  readonly demands: Map<string, Demanded>;
  /** Number of changes: what was thought out about it holds until it grows. */
  version: number;
}

export interface Claimed {
  readonly id: string;
  readonly terms: JobTermsStruct;
  readonly truth: Run;
  /** What the operator answered. */
  readonly answered: Run;
  readonly trueTrace: Trace;
  readonly answeredAt: number;
  readonly deadline: number;
  ended: boolean;
}

/** More than any demand costs; what is not asked is credited back. */
const PAYMENT = 10n ** 19n;
const LIVE: ReadonlySet<bigint> = new Set([STATUS.open, STATUS.upheld]);
const COUNT = 5;

export const keyOf = ({ node, height, index }: Place): string => `${node} ${height} ${index}`;
export const isLive = ({ status }: Opened): boolean => LIVE.has(status);

/** The real contracts with real Arbiter, real stake and one claim: what players see of it, and all they can do. */
export class Arena {
  now = 0;
  readonly challenges: Opened[] = [];
  readonly gas = new Map<Seat, bigint>();
  private salts = 0;
  private current: Claimed | undefined;

  private constructor(
    private readonly chain: Connection,
    readonly suite: RealSuite,
    readonly depth: number,
    readonly bond: bigint,
    /** The closed form of finality. */
    readonly worst: number,
    /** Owner of stake, its worker, the consumer, and others. */
    readonly seats: readonly Seat[],
  ) {}

  static async start(chain: Connection, truth: Run): Promise<Arena> {
    const suite = await deployReal(chain, truth);
    const signers = [
      chain.owner,
      chain.worker,
      chain.consumer,
      ...(await chain.ethers.getSigners()).slice(5, 5 + COUNT),
    ];
    const names = ["operator", "worker", "consumer", ...Array.from({ length: COUNT }, (_, i) => `party ${i}`)];
    const seats = signers.map(({ address }, i): Seat => ({ name: names[i]!, address, side: "honest" }));
    const bond = await suite.manager.bondFor(suite.modelId, 0);
    const { depth } = truth.commitment;
    const worst = Number(await suite.hub.worstCaseFinality(PARAMS.challengeWindow, depth));
    return new Arena(chain, suite, depth, bond, worst, seats);
  }

  get claim(): Claimed {
    return this.current!;
  }

  /** Asks, answers and presents: the claim that the game is about. */
  async deal(truth: Run, answered: Run): Promise<void> {
    const { jobs } = this.suite;
    const [operator, worker, consumer] = this.seats;
    this.challenges.length = 0;
    this.gas.clear();
    this.now = await this.chain.networkHelpers.time.latest();
    const args = requestArgs(this.chain, this.suite, { inputs: [inputOf(truth)], operator: operator!.address });
    const asked = await this.send(consumer!, await jobs.request.populateTransaction(...args), 0, OFFER.price);
    const event = asked.logs.map((log) => jobs.interface.parseLog(log)).find((each) => each?.name === "JobRequested")!;
    const terms = (event.args.getValue("terms") as Result).toObject() as JobTermsStruct;
    await this.send(worker!, await jobs.submit.populateTransaction(terms, [outputOf(answered)]), 0);
    const answeredAt = this.now;
    await this.send(consumer!, await jobs.present.populateTransaction(terms), 0);
    const claimId = event.args.getValue("jobId") as string;
    const { challengeDeadline } = await jobs.claim(claimId);
    const deadline = Number(challengeDeadline);
    this.current = {
      ...{ id: claimId, terms, truth, answered, trueTrace: trueTrace(truth) },
      answeredAt,
      deadline,
      ended: false,
    };
  }

  /** Commits to a challenge; what is returned opens it. */
  async commit(
    by: Seat,
    trace: Trace,
    element: number,
    at: number,
  ): Promise<(when: number) => Promise<Opened | undefined>> {
    const { manager, jobs } = this.suite;
    const salt = id(`${this.salts++}`);
    const traceRoot = hexlify(trace.list.root());
    const source = await jobs.getAddress();
    const challengeId = await manager.challengeIdOf(by.address, source, this.claim.id, traceRoot, 0, element, salt);
    await this.send(by, await manager.commitChallenge.populateTransaction(challengeId), at);
    const deviation = deviationOf({ tensors: [outputOf(this.claim.answered)], dtypes: ["f32"] }, trace, {
      output: 0,
      node: OUTPUT,
      element,
    });
    return async (when) => {
      const { id: claimId } = this.claim;
      const call = manager.openChallenge.populateTransaction(
        source,
        claimId,
        traceRoot,
        deviation,
        [...trace.roots],
        salt,
      );
      const sent = await this.send(by, await call, when, this.bond);
      if (!sent.ok) return undefined;
      const truthful = traceRoot === hexlify(this.claim.trueTrace.list.root());
      const isVoid = (await manager.challenge(challengeId)).verdict === VERDICT.void;
      const opened: Opened = {
        ...{
          id: challengeId,
          by,
          trace,
          element,
          truthful,
          isVoid,
          at: this.now,
          status: STATUS.open,
          outstanding: 0,
          version: 0,
        },
        refutationDeadline: this.now + TERMS.refutationWindow,
        lastDeadline: this.now + TERMS.refutationWindow,
        executableAt: 0,
        demands: new Map(),
      };
      this.challenges.push(opened);
      return opened;
    };
  }

  async demand(by: Seat, challenge: Opened, place: Place, around: Place | undefined, at: number): Promise<boolean> {
    const { manager } = this.suite;
    const { id: on, trace } = challenge;
    const call =
      around === undefined
        ? await manager.demand.populateTransaction(on, firstDemand(trace, place))
        : await manager.demandDeeper.populateTransaction(on, around, deeperDemand(trace, around, place));
    if (!(await this.send(by, call, at, PAYMENT)).ok) return false;
    const deadline = this.now + TERMS.supplyWindow;
    challenge.demands.set(keyOf(place), { place, by, at: this.now, deadline, refunded: false });
    return this.look(challenge);
  }

  async supply(by: Seat, challenge: Opened, demanded: Demanded, at: number): Promise<boolean> {
    const { manager } = this.suite;
    const what = supplyFor(challenge.trace, demanded.place);
    const call =
      typeof what === "string"
        ? await manager.supplyLeaf.populateTransaction(challenge.id, demanded.place, what)
        : await manager.supplyHashes.populateTransaction(challenge.id, demanded.place, what);
    if (!(await this.send(by, call, at)).ok) return false;
    demanded.supplied = { what, at: this.now, grace: this.now + TERMS.graceWindow };
    return this.look(challenge);
  }

  async refute(by: Seat, challenge: Opened, evidence: Evidence, at: number): Promise<boolean> {
    const call = await this.suite.manager.refute.populateTransaction(challenge.id, evidence);
    return (await this.send(by, call, at)).ok && this.look(challenge);
  }

  async expire(by: Seat, challenge: Opened, { place }: Demanded, at: number): Promise<boolean> {
    const call = await this.suite.manager.expire.populateTransaction(challenge.id, place);
    return (await this.send(by, call, at)).ok && this.look(challenge);
  }

  async refund(by: Seat, challenge: Opened, demanded: Demanded, at: number): Promise<boolean> {
    const call = await this.suite.manager.refundDemand.populateTransaction(challenge.id, demanded.place);
    demanded.refunded = true;
    return (await this.send(by, call, at)).ok;
  }

  async advance(by: Seat, challenge: Opened, act: "resolve" | "execute" | "settle", at: number): Promise<boolean> {
    const call = await this.suite.manager[act].populateTransaction(challenge.id);
    if (!(await this.send(by, call, at)).ok) return false;
    if (act === "execute") this.claim.ended = true;
    return this.look(challenge);
  }

  async finalise(by: Seat, at: number): Promise<boolean> {
    const { ok } = await this.send(by, await this.suite.jobs.finalise.populateTransaction(this.claim.terms, []), at);
    if (ok) this.claim.ended = true;
    return ok;
  }

  async voidOutsideDomain(by: Seat, opening: ElementOpeningStruct, at: number): Promise<boolean> {
    const { manager, jobs } = this.suite;
    const call = await manager.voidOutsideDomain.populateTransaction(jobs, this.claim.id, opening);
    return (await this.send(by, call, at)).ok;
  }

  async leave(by: Seat, at: number): Promise<boolean> {
    const call = await this.suite.staking.requestFullExit.populateTransaction(this.seats[0]!.address);
    return (await this.send(by, call, at)).ok;
  }

  /** Coins of a seat: in its wallet and owed to it. */
  async coinsOf({ address }: Seat): Promise<bigint> {
    const { manager, jobs } = this.suite;
    const [wallet, bonds, fees] = await Promise.all([
      this.chain.ethers.provider.getBalance(address),
      manager.creditOf(address),
      jobs.creditOf(ZeroAddress, address),
    ]);
    return wallet + bonds + fees;
  }

  /** Stake of a seat: the operator's, standing and leaving, and what anybody is owed of slashes. */
  async stakeOf(seat: Seat): Promise<bigint> {
    const { staking } = this.suite;
    const reward = await staking.rewardOf(seat.address);
    if (seat !== this.seats[0]) return reward;
    const { active, exiting } = await staking.ownPool(seat.address);
    return reward + active + exiting;
  }

  /** Coins and stake that are nobody's any more: burnt, or in the audit pool. */
  async gone(): Promise<{ coins: bigint; stake: bigint }> {
    const { manager, jobs, staking } = this.suite;
    return {
      coins: (await manager.totalBurnt()) + (await jobs.auditPool(ZeroAddress)),
      stake: await staking.pendingBurn(),
    };
  }

  /** Sends at a time, or with the next block if that has passed. Gas is what it costs in fact. */
  private async send(by: Seat, { to, data }: ContractTransaction, at: number, value = 0n) {
    const sent = await sendAt(this.chain, { from: by.address, to, data, value }, Math.max(at, this.now + 1));
    this.now = sent.time;
    this.gas.set(by, (this.gas.get(by) ?? 0n) + sent.paid);
    return sent;
  }

  private async look(challenge: Opened): Promise<true> {
    const { status, lastDeadline, executableAt, outstanding } = await this.suite.manager.challenge(challenge.id);
    Object.assign(challenge, {
      ...{ status, lastDeadline: Number(lastDeadline), executableAt: Number(executableAt) },
      ...{ outstanding: Number(outstanding), version: challenge.version + 1 },
    });
    return true;
  }
}
