import { expect } from "chai";
import { hexlify, id, isError, parseUnits } from "ethers";

import { type Trace, type TraceChange, traceOf } from "./alphabet.js";
import {
  type AnsweredClaim,
  BOND,
  claimOf,
  deployDisputes,
  type Disputes,
  INPUTS,
  lie,
  openChallenge,
  type Play,
  play,
  STATUS,
  TERMS,
} from "./challenges.js";
import { gridOf, type Place } from "./demands.js";
import type { Dice } from "./graphs.js";
import { finaliseJob, floatBytes, openElement } from "./jobs.js";
import { type Connection, DAY, HOUR, TOKEN } from "./protocol.js";
import { presentedClaim, reserve } from "./receipts.js";

/** Inputs with one element outside the domain. */
const OUTSIDE = [floatBytes([0, 1.5, 0.5, 1])] as const;

interface Contested extends AnsweredClaim {
  readonly inputs: readonly Uint8Array[];
  readonly right: boolean;
}

interface Opened {
  readonly id: string;
  readonly claim: Contested;
  readonly trace: Trace;
  /** The trace is the truth: no refutation may succeed. */
  readonly truthful: boolean;
  readonly garbled: boolean;
  readonly wrongAt: readonly { readonly node: number; readonly element: number }[];
  readonly game: Play;
  readonly demands: Map<string, Place>;
  status: bigint;
}

/** One random play of the challenge manager by several parties, with the sums and rules that must hold after every step. */
export class DisputeFuzz {
  readonly counts = new Map<string, { done: number; refused: number }>();
  private readonly claims: Contested[] = [];
  private readonly challenges: Opened[] = [];
  private salt = 0;
  private reservation: string | undefined;

  private constructor(
    private readonly chain: Connection,
    readonly disputes: Disputes,
    private readonly dice: Dice,
    private readonly parties: readonly Connection["stranger"][],
  ) {}

  static async start(chain: Connection, dice: Dice): Promise<DisputeFuzz> {
    const disputes = await deployDisputes(chain);
    await disputes.receipts.connect(chain.owner).setReservationCap(50_000n * TOKEN);
    const parties = (await chain.ethers.getSigners()).slice(2, 9);
    return new DisputeFuzz(chain, disputes, dice, parties);
  }

  /** Does one random thing, then checks every rule. */
  async step(): Promise<void> {
    const { dice } = this;
    const actions: readonly (readonly [string, number, () => Promise<unknown>])[] = [
      ["claim", 4, () => this.claim()],
      ["open", 8, () => this.open()],
      ["demand", 14, () => this.demand()],
      ["deeper", 12, () => this.deeper()],
      ["supply", 20, () => this.supply()],
      ["refute", 5, () => this.refute()],
      ["expire", 6, () => this.withDemand(({ game }, place) => game.expire(place, dice.of(this.parties)))],
      ["refund", 6, () => this.withDemand(({ game }, place) => game.refund(place))],
      ["resolve", 8, () => this.withChallenge(({ game }) => game.resolve())],
      ["execute", 8, () => this.withChallenge(({ game }) => game.execute())],
      ["settle", 5, () => this.withChallenge(({ game }) => game.settle())],
      ["void", 1, () => this.voidOutsideDomain()],
      ["withdraw", 4, () => this.disputes.manager.withdraw(dice.of(this.parties))],
      ["finalise", 2, () => this.withClaim((claim) => finaliseJob(this.disputes.jobs, claim.id))],
      ["pause", 2, () => this.disputes.hub.pause()],
      ["unpause", 2, () => this.disputes.hub.unpause()],
      ["emergency", 3, () => this.withChallenge(({ id: each }) => this.disputes.manager.emergencyVoid([each]))],
      ["wait", 10, () => this.wait()],
      ["fee", 3, () => this.changeBaseFee()],
    ];
    let pick = dice.roll(actions.reduce((sum, [, weight]) => sum + weight, 0));
    const [name, , action] = actions.find(([, weight]) => (pick -= weight) < 0)!;
    const count = this.counts.get(name) ?? { done: 0, refused: 0 };
    this.counts.set(name, count);
    try {
      await action();
      count.done++;
    } catch (error) {
      // Random calls are refused often; anything but a named refusal is a defect.
      if (!isRefusal(error)) throw error;
      count.refused++;
    }
    await this.check();
  }

  /** Has everybody leave from here, and takes it all back: play goes on as if nothing had happened. */
  async rehearse(leave: () => Promise<unknown>): Promise<void> {
    const snapshot = await this.chain.networkHelpers.takeSnapshot();
    const statuses = this.challenges.map(({ status }) => status);
    await this.finish();
    await leave();
    await snapshot.restore();
    this.challenges.forEach((challenge, i) => (challenge.status = statuses[i]!));
    await this.check();
  }

  /** Ends every dispute and pays everybody out: nothing may be left but what burnt. */
  async finish(): Promise<void> {
    const { manager } = this.disputes;
    for (let round = 0; round < 40; round++) {
      for (const challenge of this.challenges) {
        for (const place of challenge.demands.values()) {
          await attempt(() => challenge.game.expire(place));
          await attempt(() => challenge.game.refund(place));
        }
        for (const act of ["resolve", "execute", "settle"] as const) await attempt(() => challenge.game[act]());
      }
      await this.check();
      if (this.challenges.every(({ status }) => status > STATUS.upheld)) break;
      await this.chain.networkHelpers.time.increase(12 * HOUR + 1);
    }
    // Payouts wait for a pause, which ends by itself.
    await this.chain.networkHelpers.time.increase(7 * DAY + 1);
    for (const challenge of this.challenges) {
      expect(challenge.status, "status at the end").to.be.above(STATUS.upheld);
      for (const place of challenge.demands.values()) await attempt(() => challenge.game.refund(place));
    }
    for (const party of [...this.parties, this.chain.deployer]) await attempt(() => manager.withdraw(party));
    await this.check();
    expect(await manager.totalOwed(), "owed at the end").to.equal(0);
  }

  private async claim(): Promise<void> {
    const inside = !this.dice.chance(15);
    const inputs = inside ? INPUTS : OUTSIDE;
    const right = this.dice.chance(40);
    const answer = right ? undefined : lie;
    const answered = this.dice.chance(50)
      ? await claimOf(this.chain, this.disputes, answer, inputs)
      : await this.receipt({ inputs, ...(answer === undefined ? {} : { answer }) });
    this.claims.push({ ...answered, inputs, right });
  }

  /** A claim by receipt; several share a reservation, until it ends or is slashed. */
  private async receipt(options: Parameters<typeof presentedClaim>[3]): Promise<AnsweredClaim> {
    const { chain, disputes } = this;
    if (this.reservation === undefined || this.dice.chance(30)) this.reservation = await reserve(chain, disputes);
    return presentedClaim(chain, disputes, this.reservation, options);
  }

  private async open(): Promise<void> {
    const { dice, disputes } = this;
    const claim = this.claims.at(-1 - dice.roll(Math.min(3, this.claims.length)));
    if (claim === undefined) return this.claim();
    const { change, wrongAt } = this.falsify(claim);
    const trace = traceOf(disputes.model, claim.inputsRoot, change);
    const garbled = change.garble !== undefined;
    // A void challenge asserts NaN at element 1; the others deviate at element 0.
    const element = wrongAt.some(({ node, element: e }) => node === 3 && e === 1) ? 1 : 0;
    const challenger = dice.of(this.parties);
    const value = BOND + BigInt(dice.roll(1000)) * 10n ** 12n;
    const salt = id(`${this.salt++}`);
    const opened = await openChallenge(this.chain, disputes, claim, { trace, element, challenger, value, salt });
    const truthful = wrongAt.length === 0 && !garbled;
    this.challenges.push({
      id: opened,
      claim,
      trace,
      truthful,
      garbled,
      wrongAt,
      game: play(this.chain, disputes, opened, trace),
      demands: new Map(),
      status: STATUS.open,
    });
  }

  /** A true trace of a wrong answer, or a false one of any. */
  private falsify(claim: Contested): Pick<Opened, "wrongAt"> & { change: TraceChange } {
    const { dice } = this;
    if (!claim.right && dice.chance(50)) return { change: {}, wrongAt: [] };
    const { nodes } = this.disputes.layout;
    const output = dice.chance(30)
      ? { node: 3, element: 1, bits: 0x7fc00000n }
      : { node: 3, element: 0, bits: 0x41000000n };
    const node = dice.roll(3);
    const inner = { node, element: dice.roll(nodes[node]!.elements), bits: BigInt(dice.roll(2 ** 31)) };
    const alter = dice.chance(50) ? [output, inner] : [output];
    if (!dice.chance(20)) return { change: { alter }, wrongAt: alter };
    return { change: { alter, garble: { [node]: hexlify(id(`garbage ${this.salt}`)) } }, wrongAt: alter };
  }

  private async demand(): Promise<void> {
    const { dice } = this;
    await this.withChallenge(async (challenge) => {
      const place = this.placeIn(challenge.trace, dice.roll(5));
      await challenge.game.demand(place, dice.of(this.parties));
      challenge.demands.set(JSON.stringify(place), place);
    });
  }

  private async deeper(): Promise<void> {
    await this.withDemand(async (challenge, around) => {
      const height = Math.max(0, around.height - 8);
      const index = around.index * 2 ** (around.height - height) + this.dice.roll(2 ** (around.height - height));
      const place = { node: around.node, height, index };
      await challenge.game.deeper(around, place, this.dice.of(this.parties));
      challenge.demands.set(JSON.stringify(place), place);
    });
  }

  private async supply(): Promise<void> {
    await this.withDemand(({ game }, place) => game.supply(place, this.dice.of(this.parties)));
  }

  private async refute(): Promise<void> {
    await this.withChallenge(async ({ game, wrongAt, truthful }) => {
      const { dice } = this;
      const aimed = wrongAt.length > 0 && dice.chance(40);
      const { node, element } = aimed ? dice.of(wrongAt) : { node: dice.roll(4), element: dice.roll(4) };
      await game.refute(node, element, dice.of(this.parties));
      expect(truthful, "a truthful challenge was refuted").to.equal(false);
    });
  }

  private async voidOutsideDomain(): Promise<void> {
    await this.withClaim(({ id: claimId, source, inputs }) =>
      this.disputes.manager.voidOutsideDomain(source, claimId, openElement(inputs, ["f32"], 0, 1)),
    );
  }

  private async wait(): Promise<void> {
    const { dice, chain } = this;
    const { time } = chain.networkHelpers;
    const deadlines = (await Promise.all(this.challenges.map(({ game }) => game.state()))).flatMap(
      ({ refutationDeadline, lastDeadline, executableAt }) => [refutationDeadline, lastDeadline, executableAt],
    );
    const now = BigInt(await time.latest());
    const ahead = deadlines.filter((deadline) => deadline > now + 2n);
    // To the second around some deadline, or just for a while.
    if (ahead.length > 0 && dice.chance(40)) await time.increaseTo(dice.of(ahead) + BigInt(dice.roll(3) - 1));
    else await time.increase(1 + dice.roll(10) * HOUR);
  }

  private async changeBaseFee(): Promise<void> {
    const fee = parseUnits(`${1 + this.dice.roll(12)}`, "gwei");
    await this.chain.networkHelpers.setNextBlockBaseFeePerGas(fee);
  }

  private placeIn(trace: Trace, node: number): Place {
    const height = this.dice.of(gridOf(trace, node));
    const positions = Math.ceil(trace.trees[node]!.count / 2 ** height);
    // Mostly at the left, so that demands meet.
    return { node, height, index: this.dice.roll(this.dice.chance(70) ? Math.min(positions, 4) : positions) };
  }

  private async withClaim(act: (claim: Contested) => Promise<unknown>): Promise<void> {
    if (this.claims.length > 0) await act(this.dice.of(this.claims));
  }

  private async withChallenge(act: (challenge: Opened) => Promise<unknown>): Promise<void> {
    const recent = this.challenges.slice(-6);
    if (recent.length > 0) await act(this.dice.of(recent));
  }

  private async withDemand(act: (challenge: Opened, place: Place) => Promise<unknown>): Promise<void> {
    await this.withChallenge(async (challenge) => {
      const places = [...challenge.demands.values()];
      if (places.length > 0) await act(challenge, this.dice.of(places));
    });
  }

  private async check(): Promise<void> {
    const { manager, jobs, receipts, layout } = this.disputes;
    const accounts = [...this.parties, this.chain.deployer];
    let owed = 0n;
    for (const account of accounts) owed += await manager.creditOf(account);
    const standing = new Map<string, bigint>();
    for (const challenge of this.challenges) {
      const state = await challenge.game.state();
      expect(state.status, "status went back").to.be.at.least(challenge.status);
      challenge.status = state.status;
      const live = state.status <= STATUS.upheld;
      const lost = [STATUS.refuted, STATUS.unanswered, STATUS.refunded].some((each) => each === state.status);
      const bound = layout.depth * (TERMS.supplyWindow + TERMS.graceWindow) + TERMS.refutationWindow;
      expect(state.lastDeadline, "finality").to.be.at.most(state.openedAt + BigInt(bound));
      expect(state.paid, "half of the bond stays").to.be.at.most(state.bond / 2n);
      if (challenge.truthful) expect(state.status, "truthful").not.to.equal(STATUS.refuted);
      if (live) {
        owed += state.bond + state.held;
        standing.set(challenge.claim.id, (standing.get(challenge.claim.id) ?? 0n) + 1n);
      }
      let outstanding = 0n;
      for (const place of challenge.demands.values()) {
        const { price, graceDeadline, refunded } = await challenge.game.demandAt(place);
        const open = graceDeadline === 0n;
        if (open) outstanding++;
        if (!refunded && (lost || open)) owed += price;
      }
      expect(state.outstanding, "outstanding demands").to.equal(outstanding);
    }
    const held = new Map<string, bigint>();
    for (const { id: claimId, source } of this.claims) {
      const byJob = source === (await jobs.getAddress());
      const { status, openChallenges } = await (byJob ? jobs : receipts).claim(claimId);
      if (!byJob) {
        const reservation = await receipts.reservationOfClaim(claimId);
        held.set(reservation, (held.get(reservation) ?? 0n) + openChallenges);
      }
      expect(openChallenges, "challenges that stand").to.equal(standing.get(claimId) ?? 0n);
      if (status === 4n) expect(openChallenges, "final although challenged").to.equal(0n);
    }
    for (const [reservation, standingOnIt] of held) {
      const { openChallenges } = await receipts.reservationOf(reservation);
      expect(openChallenges, "challenges of a reservation").to.equal(standingOnIt);
    }
    expect(await manager.totalOwed(), "owed").to.equal(owed);
    const balance = await this.chain.ethers.provider.getBalance(manager);
    expect(balance, "balance").to.equal(owed + (await manager.totalBurnt()));
  }
}

async function attempt(act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
}

/** A revert with a named error, as opposed to a panic or a fault of the test. */
export function isRefusal(error: unknown): boolean {
  if (isError(error, "CALL_EXCEPTION")) return true;
  return error instanceof Error && /reverted with custom error/.test(error.message);
}
