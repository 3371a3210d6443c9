import { type ModelClock, need } from "./clock.js";
import { min, type ModelStaking } from "./staking.js";

export interface ModelReceiptParams {
  readonly challengeWindow: bigint;
  readonly maxReservation: bigint;
  readonly payerThaw: bigint;
  readonly reservationFloor: bigint;
}

export interface ModelOffer {
  readonly operator: string;
  readonly payer: string;
  readonly lock: bigint;
  readonly minDeposit: bigint;
  readonly duration: bigint;
  readonly activateBy: bigint;
}

interface ModelReservation {
  readonly operator: string;
  readonly payer: string;
  readonly lock: bigint;
  readonly start: bigint;
  end: bigint;
  status: "active" | "released" | "slashed";
  balance: bigint;
  collected: bigint;
  thawing: bigint;
  thawedAt: bigint;
}

interface ModelReceipt {
  readonly reservation: string;
  readonly consumer: string;
  readonly deadline: bigint;
  status: "answered" | "wrong" | "void";
  challenges: number;
}

/** `ReceiptEscrow` by its rules, in native coin: reservations, deposits, vouchers, and receipts that become claims. */
export class ModelReceipts {
  state = {
    reservations: new Map<string, ModelReservation>(),
    receipts: new Map<string, ModelReceipt>(),
    credits: new Map<string, bigint>(),
    caps: new Map<string, bigint>(),
    /** Handed on to delegators. */
    shared: 0n,
  };

  constructor(
    readonly clock: ModelClock,
    readonly staking: ModelStaking,
    private readonly params: ModelReceiptParams,
    private readonly speaksFor: (who: string, operator: string) => boolean,
  ) {}

  // --------------------------------------------------------- reservations

  setCap(operator: string, cap: bigint): void {
    this.state.caps.set(operator, cap);
  }

  activate(id: string, offer: ModelOffer, by: string, amount: bigint): void {
    const { operator, payer, lock, duration } = offer;
    need(by === payer, "NotPayer");
    need(!this.state.reservations.has(id), "ReservationExists");
    need(this.clock.chain <= offer.activateBy, "OfferExpired");
    need(duration > 0n && duration <= this.params.maxReservation, "DurationOutOfRange");
    need(lock >= this.params.reservationFloor, "LockTooSmall");
    need(amount >= (offer.minDeposit === 0n ? 1n : offer.minDeposit), "DepositTooSmall");
    need(this.reserved(operator) + lock <= (this.state.caps.get(operator) ?? 0n), "CapExceeded");
    this.staking.lock(operator, id, lock, false);
    const start = this.clock.time;
    this.state.reservations.set(id, {
      ...{ operator, payer, lock, start, end: start + duration, status: "active", balance: amount },
      ...{ collected: 0n, thawing: 0n, thawedAt: 0n },
    });
  }

  deposit(id: string, amount: bigint): void {
    const reservation = this.existing(id);
    need(amount !== 0n, "DepositTooSmall");
    reservation.balance += amount;
  }

  end(id: string, by: string): void {
    const reservation = this.active(id);
    need(this.speaksFor(by, reservation.operator), "NotOperator");
    need(this.clock.time < reservation.end, "AlreadyEnded");
    reservation.end = this.clock.time;
  }

  release(id: string): void {
    this.clock.needRunning();
    const reservation = this.active(id);
    need(this.clock.time > reservation.end + this.params.challengeWindow, "ReservationRunning");
    need(this.standing(id) === 0, "ReservationChallenged");
    reservation.status = "released";
    this.staking.unlock(reservation.operator, id);
  }

  // ---------------------------------------------------------------- money

  thaw(id: string, by: string, amount: bigint): void {
    const reservation = this.existing(id);
    need(by === reservation.payer, "NotPayer");
    reservation.thawing = amount;
    reservation.thawedAt = amount === 0n ? 0n : this.clock.time + this.params.payerThaw;
  }

  withdrawThawed(id: string, by: string): bigint {
    this.clock.needRunning();
    const reservation = this.existing(id);
    need(by === reservation.payer, "NotPayer");
    need(reservation.thawing !== 0n, "NothingThawing");
    need(this.clock.time >= reservation.thawedAt, "StillThawing");
    const amount = min(reservation.thawing, reservation.balance);
    reservation.thawing = 0n;
    reservation.thawedAt = 0n;
    reservation.balance -= amount;
    return amount;
  }

  /** @param vouchers with whether their payer signed them; others pay nothing. */
  collect(vouchers: readonly { readonly id: string; readonly cumulative: bigint; readonly signed: boolean }[]): void {
    this.clock.needRunning();
    const takings = new Map<string, bigint>();
    for (const { id, cumulative, signed } of vouchers) {
      const reservation = this.state.reservations.get(id);
      if (reservation === undefined || !signed || cumulative <= reservation.collected) continue;
      const amount = min(cumulative - reservation.collected, reservation.balance);
      reservation.balance -= amount;
      reservation.collected += amount;
      takings.set(reservation.operator, (takings.get(reservation.operator) ?? 0n) + amount);
    }
    const total = [...takings.values()].reduce((sum, amount) => sum + amount, 0n);
    need(total !== 0n, "NothingToCollect");
    for (const [operator, amount] of takings) {
      const { own, delegated } = this.staking.activeStake(operator);
      const shared = delegated === 0n ? 0n : (amount * delegated) / (own + delegated);
      this.state.shared += shared;
      this.state.credits.set(operator, (this.state.credits.get(operator) ?? 0n) + amount - shared);
    }
  }

  withdraw(who: string): bigint {
    this.clock.needRunning();
    const amount = this.state.credits.get(who) ?? 0n;
    need(amount !== 0n, "NothingToWithdraw");
    this.state.credits.delete(who);
    return amount;
  }

  // ------------------------------------------------------------- receipts

  /** @param issuedAt chain time, and the protocol's then */
  present(
    id: string,
    receipt: { reservation: string; consumer: string },
    issuedAt: { chain: bigint; time: bigint },
  ): void {
    need(!this.state.receipts.has(id), "ReceiptPresentedBefore");
    const reservation = this.active(receipt.reservation);
    need(issuedAt.chain <= this.clock.chain, "NotIssuedYet");
    need(issuedAt.time >= reservation.start && issuedAt.time <= reservation.end, "NotReserved");
    const deadline = issuedAt.time + this.params.challengeWindow;
    need(this.clock.time <= deadline, "ReceiptFinal");
    this.state.receipts.set(id, { ...receipt, deadline, status: "answered", challenges: 0 });
  }

  challenge(id: string): void {
    const receipt = this.open(id);
    need(this.clock.time <= receipt.deadline, "ChallengeWindowClosed");
    receipt.challenges++;
  }

  closeChallenge(id: string): void {
    const receipt = this.state.receipts.get(id)!;
    need(receipt.challenges !== 0, "NoOpenChallenge");
    receipt.challenges--;
  }

  settleWrong(id: string, challengers: readonly string[]): void {
    const receipt = this.open(id);
    receipt.status = "wrong";
    const reservation = this.active(receipt.reservation);
    reservation.status = "slashed";
    const half = this.staking.lockOf(reservation.operator, receipt.reservation).own / 2n;
    const toConsumer = (half * 30n) / 100n;
    const each = challengers.length === 0 ? 0n : (half - toConsumer) / BigInt(challengers.length);
    this.staking.slash(reservation.operator, receipt.reservation, [
      { to: receipt.consumer, amount: toConsumer },
      ...challengers.map((to) => ({ to, amount: each })),
    ]);
  }

  settleVoid(id: string): void {
    this.open(id).status = "void";
  }

  // ---------------------------------------------------------------- views

  reserved(operator: string): bigint {
    const all = [...this.state.reservations.values()].filter((r) => r.operator === operator && r.status === "active");
    return all.reduce((sum, { lock }) => sum + lock, 0n);
  }

  standing(id: string): number {
    const all = [...this.state.receipts.values()].filter(({ reservation }) => reservation === id);
    return all.reduce((sum, { challenges }) => sum + challenges, 0);
  }

  /** Coins that the escrow holds. */
  held(): bigint {
    const deposits = [...this.state.reservations.values()].reduce((sum, { balance }) => sum + balance, 0n);
    return [...this.state.credits.values()].reduce((sum, amount) => sum + amount, deposits);
  }

  statusOf(id: string): "answered" | "final" | "wrong" | "void" | "unbacked" {
    const { status, reservation, deadline, challenges } = this.state.receipts.get(id)!;
    if (status !== "answered") return status;
    if (this.state.reservations.get(reservation)!.status === "slashed") return "unbacked";
    return this.clock.time > deadline && challenges === 0 ? "final" : "answered";
  }

  // ------------------------------------------------------------- internal

  private existing(id: string): ModelReservation {
    const reservation = this.state.reservations.get(id);
    need(reservation !== undefined, "WrongReservationStatus");
    return reservation;
  }

  private active(id: string): ModelReservation {
    const reservation = this.existing(id);
    need(reservation.status === "active", "WrongReservationStatus");
    return reservation;
  }

  private open(id: string): ModelReceipt {
    const receipt = this.state.receipts.get(id);
    need(receipt?.status === "answered", "ClaimNotOpen");
    need(this.state.reservations.get(receipt.reservation)!.status === "active", "ClaimNotOpen");
    return receipt;
  }
}
